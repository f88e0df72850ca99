"""What the items of the transcript log look like: keys, times, expiry. Pure; knows no table.

Key: `conversation`, and `item`, which is `head`, `message#<event id>#<index>`, or that with
`#part#<number>` for what of a long text does not fit. Head items alone have `day_shard` and so
appear in the index by day, spread over a day's shards.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-indexes-gsi-sharding.html
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from service.transcripts.texts import split_text

if TYPE_CHECKING:
    from service.transcripts.conversation import Conversation

Item = dict[str, str | int]
HEAD = "head"
_SECONDS_A_DAY = 86400
MOST_TEXT_BYTES = 190_000
"""Of a text in one item, which may be 400 KB long: an answer as sent and as heard, and the rest.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRules:
    """What is the same for all conversations of one service."""

    days: int
    shards: int
    keeps_text: bool
    environment: str | None
    agent: str


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
    at: float,
    characters: int,
    text: str | None,
    facts: dict[str, str | int],
) -> list[Item]:
    """The item of one message, and those of the parts that its text is too long for.

    `text` can be stored, and is None where it is not to be; `facts` are further attributes.
    """
    pieces = [] if text is None else split_text(text, MOST_TEXT_BYTES)
    key = _make_key(rules, conversation, conversation.take_key())
    first: Item = {
        **key,
        "event_id": conversation.event_id,
        "role": role,
        "at": format_time(at),
        "characters": characters,
    }
    if pieces:
        first["text"] = pieces[0]
    if len(pieces) > 1:
        first["parts"] = len(pieces)
    first.update(facts)
    return [first, *(_make_part(key, n, piece) for n, piece in enumerate(pieces[1:], 2))]


def _make_part(key: Item, number: int, text: str) -> Item:
    return {**key, "item": f"{key['item']}#part#{number:04d}", "text": text}


def _make_key(rules: ItemRules, conversation: Conversation, name: str) -> Item:
    # One expiry for all items of a conversation, so that none is ever shown in part.
    expires_at = int(conversation.started_at) + rules.days * _SECONDS_A_DAY
    return {
        "conversation": conversation.conversation_id,
        "item": name,
        "expires_at": expires_at,
    }


def format_time(epoch_seconds: float) -> str:
    """ISO 8601 in UTC with milliseconds: as text it sorts by time."""
    moment = datetime.fromtimestamp(epoch_seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
