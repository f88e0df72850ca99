from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.fakes.dynamo import TABLE
from tests.fakes.transcript_items import make_head, make_message, make_part, put

if TYPE_CHECKING:
    from tests.cli.transcripts.program import Program

ESCAPE = "\x1b]0;title\x07\x1b[2Jred\x9b31m\u202e"


def test_show_tells_the_whole_conversation(client: Any, speechctl: Program) -> None:
    """The head, then every message in its order, with what is known of answers."""
    facts = {"outcome": "interrupted", "first_chunk_ms": 412, "duration_ms": 3200, "chunks": 5}
    answer = {"role": "agent", "heard": "Hi", "model": "openai/gpt", **facts}
    put(client, make_head("conv_a", engine_id="seng_1", user="ada"))
    put(client, make_message("conv_a", 1, 1, "Hi there", **answer))
    put(client, make_message("conv_a", 1, 0, "Hello\nyou", redacted="card,email"))
    ended = speechctl("show", "conv_a")
    assert ended.code == 0
    assert ended.out.splitlines() == [
        "conv_a",
        "2026-11-21T09:00:00.000Z (open)",
        "agent agent, engine_id seng_1, user ada",
        "",
        "09:00:01.000  user   Hello",
        "                     you",
        "                     [redacted: card, email]",
        "09:00:01.000  agent  Hi there",
        "                     heard: Hi",
        f"{' ' * 21}[interrupted, first words 412 ms, in all 3200 ms, 5 chunks, openai/gpt]",
    ]


def test_show_joins_parts_and_misses_none(client: Any, speechctl: Program) -> None:
    """A text in parts is whole, on one line however long; a part that isn't there is told."""
    message = make_message("conv_a", 1, 0, "one ", parts=3)
    put(client, message, make_part(message, 2, "two " * 1000))
    out = speechctl("show", "conv_a").out
    assert "one two " + "two " * 998 in out
    assert "[1 part of the text missing]" in out


def test_show_without_words_says_so(client: Any, speechctl: Program) -> None:
    """Where words are not stored, who spoke and when is shown all the same."""
    message = make_message("conv_a", 1, 0, "secret")
    del message["text"]
    put(client, message)
    assert "user   (words are not stored)" in speechctl("show", "conv_a").out


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_show_lets_no_escape_through(
    client: Any, speechctl: Program, form: tuple[str, ...]
) -> None:
    """What was said, by whom, and what a head says can't steer the reader's terminal."""
    put(client, make_head("conv_a", user=ESCAPE, agent=ESCAPE, ending=ESCAPE))
    put(client, make_message("conv_a", 1, 0, ESCAPE, role=ESCAPE, heard=ESCAPE, model=ESCAPE))
    out = speechctl("show", "conv_a", *form).out
    assert out.replace("\n", "").isprintable()
    assert "red" in out


def test_show_for_programs_is_exact(client: Any, speechctl: Program) -> None:
    """With --json the text is what was said, to the last character."""
    put(client, make_head("conv_a"), make_message("conv_a", 1, 0, ESCAPE))
    (message,) = speechctl("show", "conv_a", "--json").document["messages"]
    assert message["text"] == ESCAPE


def test_show_of_an_unknown_conversation_is_one_line(client: Any, speechctl: Program) -> None:
    """An id that the table hasn't, and one that has expired, are told alike."""
    put(client, make_head("conv_old", expires_at=1))
    for name in ("conv_none", "conv_old"):
        speechctl("show", name).assert_refused(
            f"no such conversation, or it has expired: {name} in table {TABLE}"
        )


@pytest.mark.parametrize("name", ["", "conv\udc80", "x" * 3000])
def test_show_refuses_what_is_no_id(speechctl: Program, name: str) -> None:
    """An id that can't be one is refused without asking the table, and not repeated."""
    speechctl("show", name).assert_refused("a conversation's id is a text of up to 2048 bytes")
