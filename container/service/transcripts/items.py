"""What the items of the transcript log look like: keys, times, expiry. Pure; knows no table.

Key: `conversation`, and `item`, which is `head` or `message#<event id>#<index>`. Head items alone
have `day_shard` and so appear in the index by day, spread over a day's shards.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-indexes-gsi-sharding.html
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.transcripts.history import History

Item = dict[str, str | int]
HEAD = "head"
_SECONDS_A_DAY = 86400
# What twelve digits hold; other ids continue the numbering of the turn before.
_LARGEST_EVENT_ID = 10**12 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRules:
    """What is the same for all conversations of one service."""

    days: int
    shards: int
    keeps_text: bool
    environment: str | None
    agent: str


@dataclass(slots=True, kw_only=True)
class Conversation:
    """What has to be remembered of one conversation while it lasts. Times are epoch seconds."""

    conversation_id: str
    started_at: float
    history: History
    about: dict[str, str] = field(default_factory=dict)
    event_id: int = 0
    turns: int = 0
    messages: int = 0
    next_index: int = 0

    def __post_init__(self) -> None:
        self.conversation_id = _make_storable(self.conversation_id)
        self.about = {name: _make_storable(value) for name, value in self.about.items()}

    def begin_turn(self, event_id: int | None) -> None:
        """Number the messages that follow after the turn's id, if it has a usable one."""
        self.turns += 1
        if event_id is not None and self.event_id < event_id <= _LARGEST_EVENT_ID:
            self.event_id, self.next_index = event_id, 0

    def take_key(self) -> str:
        """The next message's sort key; keys rise in the order of messages."""
        self.messages += 1
        self.next_index += 1
        return f"message#{self.event_id:012d}#{self.next_index - 1:04d}"


def make_head(
    rules: ItemRules, conversation: Conversation, end: dict[str, str | int] | None = None
) -> Item:
    """The conversation's own item; written when it begins and, with `end`, when it has ended."""
    started_at = format_time(conversation.started_at)
    shard = zlib.crc32(conversation.conversation_id.encode()) % rules.shards
    counts = {"turns": conversation.turns, "messages": conversation.messages}
    return {
        **_make_key(rules, conversation, HEAD),
        "day_shard": f"{started_at[:10]}#{shard}",
        "started_at": started_at,
        "agent": rules.agent,
        **({"environment": rules.environment} if rules.environment else {}),
        **conversation.about,
        **({**counts, **end} if end else {}),
    }


def make_message(
    rules: ItemRules,
    conversation: Conversation,
    *,
    role: str,
    text: str,
    at: float,
    outcome: str | None = None,
) -> Item:
    """The item of one message; an answer has the `outcome` of its turn."""
    return {
        **_make_key(rules, conversation, conversation.take_key()),
        "event_id": conversation.event_id,
        "role": role,
        "at": format_time(at),
        "characters": len(text),
        **({"text": _make_storable(text)} if rules.keeps_text else {}),
        **({"outcome": outcome} if outcome else {}),
    }


def _make_key(rules: ItemRules, conversation: Conversation, name: str) -> Item:
    # One expiry for all items of a conversation, so that none is ever shown in part.
    expires_at = int(conversation.started_at) + rules.days * _SECONDS_A_DAY
    return {
        "conversation": conversation.conversation_id,
        "item": name,
        "expires_at": expires_at,
    }


def _make_storable(text: str) -> str:
    # JSON may hold half a surrogate pair, UTF-8 may not, and DynamoDB would refuse the request.
    return text.encode("utf-8", "replace").decode()


def format_time(epoch_seconds: float) -> str:
    """ISO 8601 in UTC with milliseconds: as text it sorts by time."""
    moment = datetime.fromtimestamp(epoch_seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
