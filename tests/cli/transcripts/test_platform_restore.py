from __future__ import annotations

import asyncio
import json
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from functions.transcripts.records import decode
from local.platform import DEFAULT_API_KEY, Platform
from tests.cli.transcripts.account import OneAccount, use_account
from tests.fakes.dynamo import TABLE
from tests.fakes.platform_clients import raw_client
from tests.fakes.platform_engines import echo, official_engine
from tests.fakes.scripted_http import Scripted, serve_http
from tests.fakes.transcript_items import make_message, put

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.cli.transcripts.program import Ended, Program

TEXTS = ("hello", "my card is 4111 1111 1111 1111", "good bye")


@asynccontextmanager
async def said(platform: Platform) -> AsyncIterator[str]:
    """A conversation of three turns, which goes on; yields its id."""
    async with official_engine(on_transcript=echo) as url, raw_client(platform, url) as client:
        for number, text in enumerate(TEXTS, 1):
            await client.type_text(text)
            await client.next("agent_response", number)
        yield (await platform.next_conversation()).id


async def restore(
    speechctl: Program, monkeypatch: pytest.MonkeyPatch, url: str, *ids: str
) -> Ended:
    """Fill from the platform at `url`, in a thread, as the platform lives on this loop."""
    monkeypatch.setenv("ELEVENLABS_BASE_URL", url)
    monkeypatch.setenv("ELEVENLABS_API_KEY", DEFAULT_API_KEY)
    arguments = ("restore", "--json", "--from-platform", *ids)
    return await asyncio.to_thread(speechctl, *arguments)


def read_all(client: Any) -> list[dict[str, Any]]:
    items = [decode(item) for item in client.scan(TableName=TABLE)["Items"]]
    return sorted(items, key=lambda item: (item["conversation"], item["item"]))


async def test_what_is_too_long_to_compare_is_told(
    client: Any, speechctl: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is one line, and nothing is written."""
    monkeypatch.setattr("cli.transcripts.alignment._MOST_PAIRS", 0)
    async with Platform() as platform:
        async with said(platform) as name:
            put(client, make_message(name, 1, 0, "something else"))
        await platform.workspace.conversations[name].ended.wait()
        ended = await restore(speechctl, monkeypatch, platform.url, name)
    assert (ended.code, ended.document["filled"]) == (1, {})
    assert ended.document["problems"] == [
        f"{name} lacks too much, and is too long to find out what"
    ]
    assert len(read_all(client)) == 1


async def test_a_gap_is_filled_from_the_platforms_record(
    client: Any, speechctl: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a killed server kept to itself comes back in its place, redacted, and marked; once."""
    async with Platform() as platform:
        async with said(platform) as name:
            put(client, make_message(name, 1, 0, "hello"))
            put(client, make_message(name, 3, 1, "You said good bye", role="agent"))
        await platform.workspace.conversations[name].ended.wait()
        first = await restore(speechctl, monkeypatch, platform.url, name)
        again = await restore(speechctl, monkeypatch, platform.url, name)
    assert first.document == {"filled": {name: {"messages": 4, "head": True}}, "problems": []}
    assert again.document == {"filled": {name: {"messages": 0, "head": False}}, "problems": []}
    head, *messages = read_all(client)
    assert (head["messages"], head["source"]) == (6, "platform")
    card = "my card is [card]"
    expected = (
        "hello",
        "You said hello",
        card,
        f"You said {card}",
        "good bye",
        "You said good bye",
    )
    assert tuple(message["text"] for message in messages) == expected
    assert [message.get("source") for message in messages] == [None, *["platform"] * 4, None]


async def test_a_conversation_that_goes_on_is_left_alone(
    client: Any, speechctl: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its server still writes: the user is told to wait, and nothing is written."""
    async with Platform() as platform, said(platform) as name:
        ended = await restore(speechctl, monkeypatch, platform.url, name)
    assert ended.code == 1
    assert f"record of {name} is not final (in-progress)" in ended.err
    assert read_all(client) == []


async def test_one_that_cannot_be_filled_costs_no_other(
    client: Any, speechctl: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An id that is unknown, or can't be one, is a line; the others are filled."""
    async with Platform() as platform:
        async with said(platform) as name:
            pass
        await platform.workspace.conversations[name].ended.wait()
        ids = ("conv_none", "bad\udc80", name)
        ended = await restore(speechctl, monkeypatch, platform.url, *ids)
    assert ended.code == 1
    _, unknown, bad = ended.err.splitlines()
    assert unknown == "ElevenLabs has no conversation conv_none"
    assert bad.startswith("a conversation's id is")
    assert len(read_all(client)) == 7


def make_record(**changes: Any) -> dict[str, Any]:
    message = {"role": "user", "message": "hi", "time_in_call_secs": 2}
    metadata = {"start_time_unix_secs": int(time.time()) - 60, "call_duration_secs": 30}
    record = {"status": "done", "agent_id": "agent_1", "metadata": metadata}
    return {**record, "transcript": [message], **changes}


TOOL = {"role": "agent", "message": None, "time_in_call_secs": 3, "tool_calls": [{"type": "x"}]}
OLD = {"start_time_unix_secs": 1_600_000_000, "call_duration_secs": 1}


@pytest.mark.parametrize(
    ("answered", "told"),
    [
        ((401, {}), "ElevenLabs refused the API key for conv_a (401)"),
        ((404, {}), "ElevenLabs has no conversation conv_a"),
        ((503, {}), "ElevenLabs answered 503 for conv_a; try again later"),
        ((200, {}), "record of conv_a has an unknown form"),
        ((200, [1]), "record of conv_a has an unknown form"),
        ((200, make_record(transcript=[{"role": "user"}])), ""),
        ((200, make_record(transcript=[{"role": "user", "message": "x"}])), "unknown form"),
        ((200, make_record(status="processing")), "is not final (processing)"),
        ((200, make_record(metadata=OLD)), "conv_a has expired: its 30 days are over"),
        ((200, make_record(transcript=[TOOL])), ""),
    ],
)
async def test_what_the_platform_answers_is_told_in_a_line(
    client: Any,
    speechctl: Program,
    monkeypatch: pytest.MonkeyPatch,
    answered: tuple[int, Any],
    told: str,
) -> None:
    """Refusals, unfinished and strange records are a line each; entries without words are none."""
    answer = Scripted(answered[0], json.dumps(answered[1]).encode())
    with serve_http(answer) as server:
        ended = await restore(speechctl, monkeypatch, server.url, "conv_a")
    (asked,) = server.received
    assert asked.target == "/v1/convai/conversations/conv_a"
    assert {name.lower(): value for name, value in asked.headers.items()}[
        "xi-api-key"
    ] == DEFAULT_API_KEY
    if told:
        _, line = ended.err.splitlines()
        assert told in line
        assert (ended.code, read_all(client)) == (1, [])
    else:
        assert (ended.code, len(read_all(client))) == (0, 1)
    assert DEFAULT_API_KEY not in ended.out + ended.err


async def test_a_platform_that_nobody_serves_is_one_line(
    speechctl: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong address is told with its reason."""
    for url in ("http://127.0.0.1:1", "nonsense"):
        ended = await restore(speechctl, monkeypatch, url, "conv_a")
        _, line = ended.err.splitlines()
        assert line.startswith("ElevenLabs can't be asked for conv_a: ")


def test_without_a_key_nothing_is_asked(speechctl: Program) -> None:
    """Who has no API key is told the two places that it comes from."""
    ended = speechctl("restore", "--from-platform", "conv_a")
    ended.assert_refused("set ELEVENLABS_API_KEY", "-e dev")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "my card is [card], order [order]"),
        ({"redaction": "off"}, "my card is 4111 1111 1111 1111, order ORD-1"),
        ({"text": "drop"}, None),
    ],
)
async def test_an_environment_says_what_may_be_stored(
    client: Any,
    speechctl: Program,
    monkeypatch: pytest.MonkeyPatch,
    settings: dict[str, Any],
    said: str | None,
) -> None:
    """With -e key and redaction are the environment's, and a new head says whose it is."""
    words = "my card is 4111 1111 1111 1111, order ORD-1"
    record = make_record(transcript=[{"role": "user", "message": words, "time_in_call_secs": 2}])
    aws = OneAccount(client, {"TranscriptTable": TABLE, "ApiKeySecretArn": "arn:key"}, "sk_test_it")
    use_account(monkeypatch, aws, redaction_patterns={"order": "ORD-[0-9]"}, **settings)
    arguments = ("restore", "-e", "dev", "--from-platform", "conv_a")
    with serve_http(Scripted(200, json.dumps(record).encode())) as server:
        monkeypatch.setenv("ELEVENLABS_BASE_URL", server.url)
        ended = await asyncio.to_thread(lambda: speechctl(*arguments, table=None))
    assert (ended.code, ended.out) == (0, "conv_a: 1 message filled, and its end\n")
    (asked,) = server.received
    assert "sk_test_it" in asked.headers.values()
    head, message = read_all(client)
    assert (head["environment"], message.get("text")) == ("dev", said)


async def test_messages_without_a_place_are_told(
    client: Any, speechctl: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where numbers leave no room, the command says how many are still missing."""
    said = [{"role": "user", "message": f"{n} said", "time_in_call_secs": n} for n in range(3)]
    put(client, make_message("conv_a", 0, 0, "0 said"), make_message("conv_a", 0, 1, "2 said"))
    record = json.dumps(make_record(transcript=said)).encode()
    with serve_http(Scripted(200, record)) as server:
        ended = await restore(speechctl, monkeypatch, server.url, "conv_a")
    assert ended.code == 1
    assert "conv_a: no free place for 1 message" in ended.err


async def test_where_no_words_are_stored_none_are_filled(
    client: Any, speechctl: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without an environment's settings, what is stored says that words are not wanted."""
    stored = make_message("conv_a", 1, 0, "hello there")
    del stored["text"]
    put(client, stored)
    with serve_http(Scripted(200, json.dumps(make_record()).encode())) as server:
        ended = await restore(speechctl, monkeypatch, server.url, "conv_a")
    assert ended.code == 0
    assert ended.err.startswith("without -e: ")
    assert [item.get("text") for item in read_all(client)] == [None] * 3
