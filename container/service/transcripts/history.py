"""Which messages of a conversation are new: the platform repeats all of them at every turn.

Pure bookkeeping; it keeps no text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from speech_engine import ConversationMessage

# An agent's message comes back as far as it was heard, so one is known by its place alone.
_AGENT = None


class History:
    """What is known of one conversation, by place; `max_messages` is where transcripts are cut."""

    def __init__(self, max_messages: int) -> None:
        self._max_messages = max_messages
        self._known: list[int | None] = []
        self._answer_place: int | None = None

    def take_new(
        self, transcript: Sequence[ConversationMessage]
    ) -> tuple[Sequence[ConversationMessage], str | None]:
        """The messages that were not there before, or read otherwise: words are heard anew.

        Beside them, how far the last answer that was added was heard; None where that can't be
        told, or nothing has been said since.
        """
        marks = [_mark(message) for message in transcript]
        known, self._known = self._known, marks
        place, self._answer_place = self._answer_place, None
        if len(transcript) >= self._max_messages:
            # Older messages were cut off, and no place is what it was.
            return transcript[-1:], None if place is None else _find_last_answer(transcript)
        pairs = zip(known, marks, strict=False)
        shared = next((place for place, (old, new) in enumerate(pairs) if old != new), None)
        shared = min(len(known), len(marks)) if shared is None else shared
        return transcript[shared:], _find_answer(transcript, place, shared)

    def add_answer(self) -> None:
        """An answer was sent: the agent's message that comes back is not new."""
        self._answer_place = len(self._known)
        self._known.append(_AGENT)


def _mark(message: ConversationMessage) -> int | None:
    return _AGENT if message.role == "agent" else hash(message.content)


def _find_answer(
    transcript: Sequence[ConversationMessage], place: int | None, shared: int
) -> str | None:
    if place is None or place >= len(transcript) or shared < place:
        return None
    message = transcript[place]
    return message.content if message.role == "agent" else ""


def _find_last_answer(transcript: Sequence[ConversationMessage]) -> str | None:
    return next((m.content for m in transcript[-2:-1] if m.role == "agent"), None)
