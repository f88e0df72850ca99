"""What the table's items are to a reader: conversations and their messages. Pure.

Items come as DynamoDB has them, in any number and of any age; parts of long texts are joined here,
and what has expired is left out here.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ttl-expired-items.html
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

HEAD = "head"
_MESSAGE = re.compile(r"message#(\d+)#(\d+)", re.ASCII)
_PART = "#part#"

Item = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What is known of a conversation as a whole. Times are ISO 8601 in UTC.

    Without `ended_at` it goes on, or the task that led it was killed. With `source` it was made of
    something else than the conversation itself: `platform` is ElevenLabs' record of it.
    """

    conversation_id: str
    started_at: str
    expires_at: int | None = None
    agent: str | None = None
    environment: str | None = None
    engine_id: str | None = None
    user: str | None = None
    source: str | None = None
    ended_at: str | None = None
    ending: str | None = None
    close_code: int | None = None
    turns: int | None = None
    messages: int | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the fields that are set."""
        return _drop_unset(asdict(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message. `text` is None where words are not stored.

    `heard` is an answer as the user heard it, where that differs from what was sent; `source` is as
    the head's;
    `missing_parts` counts the parts of a long text that the table has not.
    """

    event_id: int
    index: int
    role: str
    at: str
    characters: int | None = None
    text: str | None = None
    redacted: tuple[str, ...] = ()
    outcome: str | None = None
    first_chunk_ms: int | None = None
    duration_ms: int | None = None
    chunks: int | None = None
    model: str | None = None
    heard: str | None = None
    source: str | None = None
    missing_parts: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return the fields that are set; `redacted` and `missing_parts` where there are any."""
        fields = {**asdict(self), "redacted": list(self.redacted) or None}
        return _drop_unset({**fields, "missing_parts": self.missing_parts or None})


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """One conversation, its messages in their order. `head` is None where it is not written yet."""

    conversation_id: str
    head: Head | None
    messages: tuple[Message, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the head's fields and `messages`, which takes the place of their number."""
        head = self.head.as_json() if self.head else {"conversation_id": self.conversation_id}
        return {**head, "messages": [message.as_json() for message in self.messages]}


def decode(item: Mapping[str, Mapping[str, str]]) -> Item:
    """Return an item's values, as DynamoDB's JSON has them: strings and integers, nothing else."""
    texts = {name: value["S"] for name, value in item.items() if "S" in value}
    return texts | {name: int(value["N"]) for name, value in item.items() if "N" in value}


def is_live(item: Item, now: float) -> bool:
    """Whether an item hasn't expired; DynamoDB itself may keep it for some days more."""
    expires_at: int | None = item.get("expires_at")
    return expires_at is None or expires_at > now


def read_head(item: Item) -> Head:
    """Return the head that an item is."""
    names = set(Head.__dataclass_fields__) - {"conversation_id", "started_at"}
    return Head(
        conversation_id=item["conversation"],
        started_at=item.get("started_at", ""),
        **{name: item[name] for name in names & set(item)},
    )


def assemble(conversation_id: str, items: Iterable[Item], now: float) -> Conversation | None:
    """Put a conversation together from its items; None if none of them is live."""
    live = {item["item"]: item for item in items if is_live(item, now)}
    if not live:
        return None
    own = [found for key in live if (found := _MESSAGE.fullmatch(key))]
    return Conversation(
        conversation_id=conversation_id,
        head=read_head(live[HEAD]) if HEAD in live else None,
        messages=tuple(_read_message(live, key) for key in sorted(own, key=_place)),
    )


_PLAIN = frozenset(Message.__dataclass_fields__) - {
    "event_id",
    "index",
    "role",
    "at",
    "text",
    "redacted",
    "missing_parts",
}


def _place(key: re.Match[str]) -> tuple[int, int]:
    """Event id and index: as text, numbers with more digits than usual would come too early."""
    return int(key[1]), int(key[2])


def _read_message(items: Mapping[str, Item], key: re.Match[str]) -> Message:
    item = items[key[0]]
    event_id, index = _place(key)
    further = [f"{key[0]}{_PART}{number:04d}" for number in range(2, item.get("parts", 1) + 1)]
    parts = [items[part].get("text", "") for part in further if part in items]
    return Message(
        event_id=event_id,
        index=index,
        role=item.get("role", ""),
        at=item.get("at", ""),
        text=item["text"] + "".join(parts) if "text" in item else None,
        redacted=tuple(filter(None, item.get("redacted", "").split(","))),
        missing_parts=len(further) - len(parts),
        **{name: item[name] for name in _PLAIN & set(item)},
    )


def _drop_unset(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
