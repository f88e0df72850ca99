"""One conversation as rows of a table: a row for each message. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions.transcripts.reader import Conversation

Row = dict[str, str | int | None]

_OF_CONVERSATION = (
    "conversation_id",
    "started_at",
    "ended_at",
    "ending",
    "agent",
    "environment",
    "engine_id",
    "user",
)
_OF_MESSAGE = (
    "event_id",
    "index",
    "role",
    "at",
    "characters",
    "text",
    "heard",
    "redacted",
    "outcome",
    "first_chunk_ms",
    "duration_ms",
    "chunks",
    "model",
    "missing_parts",
    "source",
)
COLUMNS = (*_OF_CONVERSATION, *_OF_MESSAGE)
"""Every row has all of them, so that columns are the same whatever was said."""


def make_rows(conversation: Conversation) -> Iterator[Row]:
    """The conversation's messages, oldest first."""
    whole = conversation.as_json()
    for message in conversation.messages:
        own = message.as_json()
        own["redacted"] = ",".join(message.redacted) or None
        yield {
            **{name: whole.get(name) for name in _OF_CONVERSATION},
            **{name: own.get(name) for name in _OF_MESSAGE},
        }
