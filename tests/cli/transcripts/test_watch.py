from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest

from cli.transcripts.watch import LOOK_BACK_SECONDS, Watch
from functions.transcripts.reader import TableBusy, TranscriptReader
from tests.fakes.dynamo import TABLE
from tests.fakes.transcript_items import SHARDS, make_head, make_message, make_part, put

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.transcripts.program import Program

# Just after midnight: what goes on began the day before.
NOW = datetime(2026, 11, 21, 0, 1, tzinfo=UTC)
ENDED = {"ended_at": "2026-11-21T00:02:00.000Z", "ending": "closed"}


def head_at(name: str, moment: datetime, **more: Any) -> dict[str, Any]:
    time = moment.time().isoformat("milliseconds")
    return make_head(name, time, day=moment.date().isoformat(), **more)


@pytest.fixture
def look(client: Any, speechctl: Program) -> Callable[[], list[tuple[str, str]]]:
    """Look once more at the table of one watch: kinds of news, with texts or names."""
    reader = TranscriptReader(client, TABLE, shards=SHARDS, clock=NOW.timestamp)
    watch = Watch(reader, NOW.timestamp)

    def look() -> list[tuple[str, str]]:
        return [
            (each.kind, str(each.message.text) if each.message else each.conversation_id)
            for each in watch.look()
        ]

    return look


def test_news_come_once_and_in_their_order(client: Any, look: Any) -> None:
    """A conversation begins, speaks and ends; the next look tells it, and only that one."""
    assert look() == []
    head = head_at("conv_a", NOW)
    put(client, head, make_message("conv_a", 1, 1, "two"), make_message("conv_a", 1, 0, "one"))
    assert look() == [("began", "conv_a"), ("message", "one"), ("message", "two")]
    assert look() == []
    put(client, make_message("conv_a", 2, 0, "three"), {**head, **ENDED, "messages": 3})
    assert look() == [("message", "three"), ("ended", "conv_a")]
    assert look() == []


def test_what_was_said_before_is_not_told(client: Any, look: Any) -> None:
    """One that goes on is followed from now; ended ones, and a killed task's remains, are not."""
    yesterday = NOW - timedelta(minutes=5)
    put(client, head_at("conv_on", yesterday), make_message("conv_on", 1, 0, "before"))
    put(client, head_at("conv_over", yesterday, **ENDED))
    put(client, head_at("conv_killed", NOW - timedelta(seconds=LOOK_BACK_SECONDS + 1)))
    assert look() == [("began", "conv_on")]
    put(client, make_message("conv_on", 2, 0, "now"), make_message("conv_killed", 2, 0, "no"))
    assert look() == [("message", "now")]


def test_what_comes_late_is_told(client: Any, look: Any) -> None:
    """Items that had to be retried, the rest of a long text, and what was heard of an answer."""
    put(client, head_at("conv_a", NOW), make_message("conv_a", 2, 0, "second"))
    assert look() == [("began", "conv_a"), ("message", "second")]
    long = make_message("conv_a", 3, 0, "long ", parts=2, role="agent")
    put(client, make_message("conv_a", 1, 0, "first"), long)
    assert look() == [("message", "first")]
    put(client, make_part(long, 2, "text"))
    assert look() == [("message", "long text")]
    put(client, {**long, "heard": "lo"})
    assert look() == [("heard", "long text")]
    assert look() == []


def test_a_beginning_that_comes_late_is_told(client: Any, look: Any) -> None:
    """A task that the table was away for writes heads that are minutes older than the newest."""
    put(client, head_at("conv_new", NOW + timedelta(minutes=9)))
    assert look() == [("began", "conv_new")]
    put(client, head_at("conv_late", NOW), make_message("conv_late", 1, 0, "hi"))
    assert look() == [("began", "conv_late"), ("message", "hi")]


@pytest.mark.usefixtures("speechctl")
def test_a_busy_table_brings_no_old_messages(client: Any) -> None:
    """What could not be read at one look is told at the next, and nothing else."""
    reader = TranscriptReader(client, TABLE, shards=SHARDS, clock=NOW.timestamp)
    put(client, head_at("conv_on", NOW - timedelta(minutes=5)))
    put(client, make_message("conv_on", 1, 0, "before"))
    watch = Watch(reader, NOW.timestamp)
    is_busy = patch.object(reader, "read", side_effect=TableBusy("busy", "x"))
    with is_busy, pytest.raises(TableBusy):
        list(watch.look())
    assert [each.kind for each in watch.look()] == ["began"]


def test_an_end_waits_for_messages_that_are_missing(client: Any, look: Any) -> None:
    """The head may say the end before the last messages are there; but not for ever."""
    head = head_at("conv_a", NOW, **ENDED, messages=3)
    put(client, head, make_message("conv_a", 1, 0, "one"))
    assert look() == [("began", "conv_a"), ("message", "one")]
    put(client, make_message("conv_a", 1, 1, "two"))
    assert look() == [("message", "two")]
    assert [look() for _ in range(3)] == [[], [("ended", "conv_a")], []]


def test_a_deleted_conversation_is_told(client: Any, look: Any) -> None:
    """Who follows one that somebody deletes is told that it is gone."""
    put(client, head_at("conv_a", NOW))
    assert look() == [("began", "conv_a")]
    key = {"conversation": {"S": "conv_a"}, "item": {"S": "head"}}
    client.delete_item(TableName=TABLE, Key=key)
    assert look() == [("deleted", "conv_a")]


def test_named_conversations_alone_are_followed(client: Any, speechctl: Program) -> None:
    """From their beginning to their end, and then there is nothing left to wait for."""
    reader = TranscriptReader(client, TABLE, shards=SHARDS, clock=NOW.timestamp)
    put(client, head_at("conv_a", NOW), make_message("conv_a", 1, 0, "one"))
    put(client, head_at("conv_b", NOW))
    watch = Watch(reader, NOW.timestamp, ["conv_a"])
    assert [each.kind for each in watch.look()] == ["message"]
    assert not watch.is_over
    put(client, head_at("conv_a", NOW, **ENDED, messages=1))
    assert [each.kind for each in watch.look()] == ["ended"]
    assert watch.is_over
