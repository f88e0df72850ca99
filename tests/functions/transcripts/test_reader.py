"""The reader against moto's DynamoDB, in this process."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from functions.transcripts.reader import (
    ConversationTooLong,
    DayRange,
    InvalidRequest,
    TableBusy,
    TableDenied,
    TableUnavailable,
    TableWrong,
    TranscriptReader,
    UnknownConversation,
)
from tests.fakes.dynamo import TABLE
from tests.fakes.transcript_items import (
    EXPIRES_AT,
    SHARDS,
    make_head,
    make_message,
    make_part,
    put,
)

TODAY = date(2026, 11, 21)
ONE_DAY = DayRange(TODAY, TODAY)


def make_reader(client: Any, *, now: float = EXPIRES_AT - 1, table: str = TABLE) -> Any:
    return TranscriptReader(client, table, shards=SHARDS, clock=lambda: now)


def list_in_pages(reader: TranscriptReader, days: DayRange, limit: int) -> list[list[str]]:
    pages, cursor = [], None
    while True:
        page = reader.list_page(days, limit=limit, cursor=cursor)
        pages.append([head.conversation_id for head in page.heads])
        cursor = page.cursor
        if cursor is None:
            return pages


def test_list_is_newest_first_across_shards_and_days(client: Any) -> None:
    """Conversations of all shards and days come in one order, the newest first."""
    put(client, *(make_head(f"conv_{n}", f"09:00:0{n}.000", shard=n % 3) for n in range(6)))
    put(client, make_head("conv_old", day="2026-11-19"), make_head("conv_older", day="2026-11-18"))
    heads = make_reader(client).list_all(DayRange(date(2026, 11, 19), TODAY))
    expected = [*(f"conv_{n}" for n in (5, 4, 3, 2, 1, 0)), "conv_old"]
    assert [head.conversation_id for head in heads] == expected


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_pages_give_each_conversation_once(client: Any, limit: int) -> None:
    """Whatever the size of a page, also among conversations of one moment, none is left out."""
    put(client, *(make_head(f"conv_{n}", f"09:00:0{n // 4}.000", shard=n % 2) for n in range(9)))
    pages = list_in_pages(make_reader(client), ONE_DAY, limit)
    assert all(len(page) <= limit for page in pages)
    shown = [conversation for page in pages for conversation in page]
    assert sorted(shown) == [f"conv_{n}" for n in range(9)]
    assert shown == sorted(shown, key=lambda name: int(name[-1]) // 4, reverse=True)


def test_list_goes_on_where_the_table_cuts_off(client: Any, monkeypatch: Any) -> None:
    """A shard that gives fewer than were asked for holds back what may be older than its rest."""
    put(client, *(make_head(f"conv_{n}", f"09:00:0{n}.000", shard=n % 2) for n in range(8)))
    whole = client.query
    monkeypatch.setattr(client, "query", lambda **request: whole(**{**request, "Limit": 1}))
    shown = [name for page in list_in_pages(make_reader(client), ONE_DAY, 5) for name in page]
    assert shown == [f"conv_{n}" for n in range(7, -1, -1)]


def test_expired_conversations_are_not_shown(client: Any) -> None:
    """What has expired is not there, although DynamoDB still has it."""
    put(client, make_head("conv_1"), make_head("conv_2", expires_at=1000))
    put(client, make_message("conv_2", 1, 0, "Hello", expires_at=1000))
    reader = make_reader(client, now=1000)
    assert [head.conversation_id for head in reader.list_all(ONE_DAY)] == ["conv_1"]
    with pytest.raises(UnknownConversation):
        reader.read("conv_2")
    assert reader.count("conv_2") == 2


def test_conversation_is_whole_and_in_order(client: Any) -> None:
    """Messages come by turn and place, long texts are joined, and nothing of an answer is lost."""
    long = make_message("conv_1", 2, 0, "one ", parts=3, characters=13)
    answer = {
        "role": "agent",
        "outcome": "interrupted",
        "first_chunk_ms": 20,
        "duration_ms": 900,
        "chunks": 4,
        "model": "echo",
        "heard": "Hel",
        "redacted": "card,email",
    }
    put(client, make_message("conv_1", 10, 0, "last"), make_message("conv_1", 2, 1, "Hello"))
    put(client, make_part(long, 3, "three"), long, make_part(long, 2, "two "))
    put(client, make_message("conv_1", 2, 2, "Hello", **answer), make_head("conv_1", turns=3))
    conversation = make_reader(client).read("conv_1")
    assert [message.text for message in conversation.messages] == [
        "one two three",
        "Hello",
        "Hello",
        "last",
    ]
    document = conversation.as_json()
    assert document["turns"] == 3
    expected = {**answer, "redacted": ["card", "email"], "event_id": 2, "index": 2, "text": "Hello"}
    shown = document["messages"][2]
    assert {name: shown[name] for name in expected} == expected
    assert "heard" not in document["messages"][1]


def test_conversation_tells_what_it_has_not(client: Any) -> None:
    """Missing parts are counted, words that are not stored are no empty text, nor is a head."""
    cut = make_message("conv_1", 1, 0, "one ", parts=3)
    wordless = make_message("conv_1", 1, 1, "secret")
    del wordless["text"]
    put(client, cut, make_part(cut, 2, "two "), wordless)
    conversation = make_reader(client).read("conv_1")
    assert conversation.head is None
    assert [message.text for message in conversation.messages] == ["one two ", None]
    assert [message.missing_parts for message in conversation.messages] == [1, 0]


def test_long_conversation_may_be_refused(client: Any, monkeypatch: Any) -> None:
    """A caller that can't take more than some pages is told, before more is read."""
    put(client, *(make_message("conv_1", n, 0, "Hello") for n in range(1, 4)))
    whole = client.query
    monkeypatch.setattr(client, "query", lambda **request: whole(**{**request, "Limit": 1}))
    reader = make_reader(client)
    with pytest.raises(ConversationTooLong):
        reader.read("conv_1", most_pages=2)
    assert len(reader.read("conv_1").messages) == 3


def test_keys_are_all_that_a_conversation_has(client: Any) -> None:
    """Head, messages and parts are named, in the form in which DynamoDB takes keys."""
    message = make_message("conv_1", 1, 0, "one ", parts=2)
    put(client, make_head("conv_1"), message, make_part(message, 2, "two"), make_head("conv_2"))
    for key in list(make_reader(client).keys("conv_1")):
        client.delete_item(TableName=TABLE, Key=key.as_dynamo())
    left = client.scan(TableName=TABLE)["Items"]
    assert [item["conversation"]["S"] for item in left] == ["conv_2"]


@pytest.mark.parametrize("conversation_id", ["", "\ud800", "x" * 2049])
def test_impossible_ids_are_refused(client: Any, conversation_id: str) -> None:
    """An id that no conversation can have is refused without a query."""
    reader = TranscriptReader(None, TABLE, shards=SHARDS)
    with pytest.raises(InvalidRequest):
        reader.read(conversation_id)


@pytest.mark.parametrize("conversation_id", ["a\nb", "a\u00a0b", "\u202ea", "a/b", "x" * 2048])
def test_odd_ids_are_read(client: Any, conversation_id: str) -> None:
    """Whatever id the log has taken, its conversation can be read, and so deleted."""
    put(client, make_message(conversation_id, 1, 0, "hi"))
    assert [one.text for one in make_reader(client).read(conversation_id).messages] == ["hi"]


@pytest.mark.parametrize("limit", [0, 201])
def test_impossible_limits_are_refused(limit: int) -> None:
    """A page is neither empty nor endless."""
    with pytest.raises(InvalidRequest, match="from 1 to 200"):
        make_reader(None).list_page(ONE_DAY, limit=limit)


class Refusing:
    """A client whose every query fails."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def query(self, **_: Any) -> Any:
        raise self._error


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("AccessDeniedException", TableDenied),
        ("ResourceNotFoundException", TableWrong),
        ("ThrottlingException", TableBusy),
        ("InternalServerError", TableUnavailable),
    ],
)
def test_failures_are_told_apart(code: str, kind: type[Exception]) -> None:
    """No permission, no such table and no capacity are different failures, each in one line."""
    error = ClientError({"Error": {"Code": code, "Message": "secret"}}, "Query")
    with pytest.raises(kind, match=code) as caught:
        make_reader(Refusing(error)).count("conv_1")
    assert "secret" not in str(caught.value)


def test_unreachable_table_is_told() -> None:
    """What fails before any answer is told as such."""
    error = EndpointConnectionError(endpoint_url="http://127.0.0.1:1")
    with pytest.raises(TableUnavailable, match="EndpointConnectionError"):
        make_reader(Refusing(error)).count("conv_1")


def test_table_that_is_not_there_is_told(client: Any) -> None:
    """The name of a table that does not exist is in the failure."""
    with pytest.raises(TableWrong, match="no transcript table absent"):
        make_reader(client, table="absent").count("conv_1")
