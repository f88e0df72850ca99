"""What is remembered of one conversation while it lasts: its numbering, and its last answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.transcripts.history import History
    from service.transcripts.items import Item

# What twelve digits hold; other ids continue the numbering of the turn before.
_LARGEST_EVENT_ID = 10**12 - 1


@dataclass(slots=True)
class Answer:
    """An answer as it was sent and as it was stored, until it is known how far it was heard."""

    sent: str
    item: Item


@dataclass(slots=True, kw_only=True)
class Conversation:
    """Times are epoch seconds; `about` and `conversation_id` can be stored as they are."""

    conversation_id: str
    started_at: float
    history: History
    about: dict[str, str]
    event_id: int = 0
    turns: int = 0
    messages: int = 0
    next_index: int = 0
    last_answer: Answer | None = None

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
