"""Reads the transcript log's table: conversations by day, one conversation, the keys of its items.

Whoever uses it brings the DynamoDB client. It changes nothing in the table, and knows neither HTTP
nor a terminal.
"""

from __future__ import annotations

import heapq
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from functions.transcripts.cursor import DayRange, Place, decode_cursor, parse_day
from functions.transcripts.failures import (
    ConversationTooLong,
    InvalidRequest,
    TableBusy,
    TableDenied,
    TableError,
    TableUnavailable,
    TableWrong,
    TranscriptError,
    UnknownConversation,
    describe,
)
from functions.transcripts.records import (
    Conversation,
    Head,
    Message,
    assemble,
    decode,
    is_live,
    read_head,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = [
    "Conversation",
    "ConversationTooLong",
    "DayRange",
    "Head",
    "InvalidRequest",
    "ItemKey",
    "Message",
    "Page",
    "TableBusy",
    "TableDenied",
    "TableError",
    "TableUnavailable",
    "TableWrong",
    "TranscriptError",
    "TranscriptReader",
    "UnknownConversation",
    "check_conversation_id",
    "parse_day",
]

DAY_INDEX = "by_day"
MOST_HEADS = 200
"""The most conversations of one page."""

_DEFAULT_HEADS = 50
# Of one query for each shard: what a page may cost where days are empty, or full of what expired.
_MOST_ROUNDS = 10
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
_LONGEST_ID_BYTES = 2048


@dataclass(frozen=True, slots=True)
class Page:
    """Some conversations, newest first; fewer than were asked for do not mean the end.

    With `cursor` the list goes on, without one it is at its end.
    """

    heads: tuple[Head, ...]
    cursor: str | None

    def as_json(self) -> dict[str, Any]:
        """Return `conversations` and, where the list goes on, `cursor`."""
        conversations = [head.as_json() for head in self.heads]
        return {"conversations": conversations, **({"cursor": self.cursor} if self.cursor else {})}


@dataclass(frozen=True, slots=True)
class ItemKey:
    """The primary key of one item."""

    conversation: str
    item: str

    def as_dynamo(self) -> dict[str, dict[str, str]]:
        """Return the key as DynamoDB's requests have it."""
        return {"conversation": {"S": self.conversation}, "item": {"S": self.item}}


class TranscriptReader:
    """One table, of whose index each day has `shards` keys. All methods raise TableError."""

    def __init__(
        self, client: Any, table: str, *, shards: int, clock: Callable[[], float] = time.time
    ) -> None:
        """`client` is boto3's for DynamoDB; `clock` gives epoch seconds."""
        self._client = client
        self._table = table
        self._shards = shards
        self._clock = clock

    def list_page(
        self, days: DayRange, *, limit: int = _DEFAULT_HEADS, cursor: str | None = None
    ) -> Page:
        """Return up to `limit` conversations that began on `days`. Raises InvalidRequest.

        The index follows the table within moments, so the very newest may not be there yet.
        """
        if not 1 <= limit <= MOST_HEADS:
            raise InvalidRequest(f"a limit is a whole number from 1 to {MOST_HEADS}")
        place: Place | None = decode_cursor(cursor, days) if cursor else Place(days.last)
        heads: list[Head] = []
        for _ in range(_MOST_ROUNDS):
            if place is None or len(heads) == limit:
                break
            found, further = self._read_day(place, limit - len(heads))
            heads += [head for head in found if self._is_live(head)]
            place = further or place.leave_day(days)
        return Page(tuple(heads), place.encode() if place else None)

    def list_all(self, days: DayRange) -> Iterator[Head]:
        """Yield all conversations that began on `days`, newest first, reading as it goes."""
        cursor: str | None = None
        while True:
            page = self.list_page(days, limit=MOST_HEADS, cursor=cursor)
            yield from page.heads
            cursor = page.cursor
            if cursor is None:
                return

    def read(self, conversation_id: str, *, most_pages: int | None = None) -> Conversation:
        """Return one conversation as it stands. Raises InvalidRequest, UnknownConversation.

        Raises ConversationTooLong where it takes more than `most_pages` of a mebibyte each.
        """
        items: list[dict[str, Any]] = []
        for number, page in enumerate(self._query_conversation(conversation_id)):
            if number == most_pages:
                raise ConversationTooLong("the conversation is too long to be read at once")
            items += map(decode, page)
        conversation = assemble(conversation_id, items, self._clock())
        if conversation is None:
            raise UnknownConversation(
                "there is no such conversation, or it has expired:"
                f" {conversation_id} in table {self._table}"
            )
        return conversation

    def keys(self, conversation_id: str) -> Iterator[ItemKey]:
        """Yield the keys of all items of a conversation, expired ones too.

        Raises InvalidRequest.
        """
        for page in self._query_conversation(
            conversation_id, ProjectionExpression="#conversation, #item"
        ):
            yield from (ItemKey(item["conversation"]["S"], item["item"]["S"]) for item in page)

    def count(self, conversation_id: str) -> int:
        """Return how many items a conversation has, expired ones too. Raises InvalidRequest."""
        return sum(1 for _ in self.keys(conversation_id))

    def _is_live(self, head: Head) -> bool:
        return is_live({"expires_at": head.expires_at}, self._clock())

    def _read_day(self, place: Place, limit: int) -> tuple[list[Head], Place | None]:
        """Return what follows `place` on its day, and where that goes on, None at its end."""
        shards = [self._read_shard(place, shard, limit) for shard in range(self._shards)]
        # Behind the last that a shard gave, others may be older than what it has still to give.
        ends = {heads[-1].conversation_id for heads, is_cut in shards if is_cut}
        merged = heapq.merge(*(heads for heads, _ in shards), key=_moment, reverse=True)
        found: list[Head] = []
        for head in merged:
            found.append(head)
            if len(found) == limit or head.conversation_id in ends:
                break
        is_whole = not ends and len(found) == sum(len(heads) for heads, _ in shards)
        return found, None if is_whole else place.move(found)

    def _read_shard(self, place: Place, shard: int, limit: int) -> tuple[list[Head], bool]:
        """Return up to `limit` heads of one shard that follow `place`, and whether it has more."""
        condition, values = "#shard = :shard", {":shard": {"S": f"{place.day}#{shard}"}}
        names = {"#shard": "day_shard"}
        if place.before is not None:
            condition += " AND #began <= :before"
            names["#began"] = "started_at"
            values[":before"] = {"S": place.before}
        pages = self._query(
            IndexName=DAY_INDEX,
            KeyConditionExpression=condition,
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=values,
            ScanIndexForward=False,
            Limit=limit + len(place.shown),
        )
        for page, is_last in pages:
            heads = [read_head(decode(item)) for item in page]
            new = [head for head in heads if head.conversation_id not in place.shown]
            if new or is_last:
                return new[:limit], not is_last or len(new) > limit
        return [], False

    def _query_conversation(self, conversation_id: str, **more: Any) -> Iterator[list[Any]]:
        check_conversation_id(conversation_id)
        names = {"#conversation": "conversation"}
        if more:
            names["#item"] = "item"
        pages = self._query(
            KeyConditionExpression="#conversation = :conversation",
            ExpressionAttributeNames=names,
            ExpressionAttributeValues={":conversation": {"S": conversation_id}},
            ConsistentRead=True,
            **more,
        )
        for page, _ in pages:
            yield page

    def _query(self, **request: Any) -> Iterator[tuple[list[Any], bool]]:
        """Yield the pages of a query, each with whether it is the last."""
        from botocore.exceptions import BotoCoreError, ClientError

        while True:
            try:
                answer = self._client.query(TableName=self._table, **request)
            except ClientError as error:
                code = str(error.response.get("Error", {}).get("Code"))
                raise describe(self._table, code) from None
            except BotoCoreError as error:
                raise describe(self._table, type(error).__name__) from None
            last_key = answer.get("LastEvaluatedKey")
            yield answer["Items"], not last_key
            if not last_key:
                return
            request["ExclusiveStartKey"] = last_key


def check_conversation_id(text: str) -> str:
    """Return what may be a conversation's id: any that the log can hold. Raises InvalidRequest."""
    try:
        is_possible = 1 <= len(text.encode()) <= _LONGEST_ID_BYTES
    except UnicodeEncodeError:
        is_possible = False
    if not is_possible:
        raise InvalidRequest(f"a conversation's id is a text of up to {_LONGEST_ID_BYTES} bytes")
    return text


def _moment(head: Head) -> str:
    return head.started_at
