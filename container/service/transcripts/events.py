"""What the event loop hands over of a conversation: references alone, nothing copied or formatted.

Times are epoch seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from service.transcripts.conversation import Conversation
    from speech_engine import Turn

Ending = Literal["closed", "disconnected", "server"]
"""By the platform's close frame, by a socket that was gone, or by this server."""


@dataclass(slots=True, eq=False, kw_only=True)
class Call:
    """One conversation as the event loop knows it."""

    conversation_id: str
    started_at: float
    engine_id: str | None = None
    user: str | None = None
    ending: Ending = "server"
    conversation: Conversation | None = None
    """What the scribe remembers of it, in its own thread."""


class Began(NamedTuple):
    """A conversation has begun."""

    call: Call


class Spoke(NamedTuple):
    """A turn has ended."""

    call: Call
    turn: Turn
    at: float


class Ended(NamedTuple):
    """A conversation is over."""

    call: Call
    at: float
    close_code: int | None


Event = Began | Spoke | Ended
