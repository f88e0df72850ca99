from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from cli.transcripts import tail
from functions.transcripts.failures import TableDenied, describe
from tests.fakes.transcript_items import make_head, make_message, put

if TYPE_CHECKING:
    from tests.cli.transcripts.program import Program

ENDED = {"ended_at": "2026-11-21T09:05:00.000Z", "ending": "closed"}


def put_conversation(client: Any) -> None:
    put(client, make_head("conv_a", **ENDED, messages=1))
    put(client, make_message("conv_a", 1, 0, "hi\x1b[2J\nthere"))


def test_tail_of_an_ended_conversation_ends(client: Any, speechctl: Program) -> None:
    """A named conversation is told from its beginning; with its end the command is over."""
    put_conversation(client)
    ended = speechctl("tail", "conv_a")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines() == [
        "conv_a",
        "09:00:01.000  user   hi\\x1b[2J",
        "                     there",
        "conv_a ended (closed)",
    ]


def test_tail_names_a_conversation_when_it_changes(client: Any, speechctl: Program) -> None:
    """Messages in a row of one conversation stand below one name."""
    for name in ("conv_a", "conv_b"):
        put(client, make_head(name, **ENDED, messages=2))
        put(client, *(make_message(name, number, 0, f"text {number}") for number in (1, 2)))
    told = speechctl("tail", "conv_a", "conv_b").out.splitlines()
    assert [line.split()[-1] for line in told] == [
        *("conv_a", "1", "2", "(closed)"),
        *("conv_b", "1", "2", "(closed)"),
    ]


def test_tail_for_programs_is_a_line_for_each_event(client: Any, speechctl: Program) -> None:
    """With --json each thing that happens is one document on a line."""
    put_conversation(client)
    message, end = map(json.loads, speechctl("tail", "conv_a", "--json").out.splitlines())
    assert (message["event"], message["message"]["text"]) == ("message", "hi\x1b[2J\nthere")
    assert (end["event"], end["ending"]) == ("ended", "closed")


def test_tail_of_an_unknown_conversation_is_one_line(speechctl: Program) -> None:
    """A mistyped id is told at once, instead of waiting for it."""
    speechctl("tail", "conv_none").assert_refused("no such conversation")


@pytest.mark.parametrize("interval", ["0", "nan", "1e9", "soon"])
def test_tail_refuses_intervals_that_make_no_sense(speechctl: Program, interval: str) -> None:
    """Neither a storm of queries nor an endless wait."""
    speechctl("tail", "--interval", interval).assert_refused("--interval takes 0.1 to 3600", code=2)


class Failing:
    """A watch whose look fails."""

    def __init__(self, code: str) -> None:
        self._code = code

    def look(self) -> NoReturn:
        raise describe("transcripts", self._code)


def test_tail_outlasts_a_busy_table(capsys: pytest.CaptureFixture[str]) -> None:
    """What may pass is told, and the next look makes up for it; what stays ends the command."""
    for code in ("ThrottlingException", "EndpointConnectionError"):
        tail._look(Failing(code), print)  # type: ignore[arg-type]
        assert capsys.readouterr().err.endswith(f"({code}); trying again\n")
    with pytest.raises(TableDenied):
        tail._look(Failing("AccessDeniedException"), print)  # type: ignore[arg-type]
