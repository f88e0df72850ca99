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
# The last answer may not have been heard, and the words before it may read otherwise by now.
_UNSURE = 2
# Of a transcript that was cut, as many messages tell where.
_COMPARED = 40

_Marks = list[int | None]


class History:
    """What is known of one conversation, in order."""

    def __init__(self) -> None:
        self._known: _Marks = []
        self._answer_place: int | None = None

    def take_new(
        self, transcript: Sequence[ConversationMessage]
    ) -> tuple[Sequence[ConversationMessage], str | None]:
        """The messages that were not there before; words after the last answer may be heard anew.

        Beside them, how far the last answer that was added was heard; None where that can't be
        told, or nothing has been said since.
        """
        marks = [_mark(message) for message in transcript]
        known, self._known = self._known, marks
        answer, self._answer_place = self._answer_place, None
        left_out = _count_left_out(known, marks)
        answer = None if answer is None else answer - left_out
        shared, shown = _compare(known[left_out:], marks, answer)
        if shown is None:
            return transcript[shared:], None
        return transcript[shared:], transcript[shown].content if shown >= 0 else ""

    def add_answer(self) -> None:
        """An answer was sent: the agent's message that comes back is not new."""
        self._answer_place = len(self._known)
        self._known.append(_AGENT)


_NOT_SHOWN = -1


def _compare(known: _Marks, marks: _Marks, answer: int | None) -> tuple[int, int | None]:
    """How many of `marks` are known, and where among them the answer at its place in `known` is.

    An answer may be left out, if nobody heard it. What the user said before a later answer may read
    otherwise by now: it is the same message.
    """
    last_known, last_shown = _find_last_agent(known), _find_last_agent(marks)
    shown = None
    place = 0
    for number, mark in enumerate(known):
        if place == len(marks):
            break
        if mark is _AGENT:
            is_shown = marks[place] is _AGENT
            if number == answer:
                shown = place if is_shown else _NOT_SHOWN
            place += is_shown
        elif mark == marks[place] or (
            marks[place] is not _AGENT and number < last_known and place < last_shown
        ):
            place += 1
        else:
            break
    return place, shown


def _count_left_out(known: _Marks, marks: _Marks) -> int:
    """How many of the oldest known messages a transcript lacks that was cut.

    None where all else is the same, or no user's words are.
    """
    sure = max(0, len(known) - _UNSURE)
    if known[:sure] == marks[:sure]:
        return 0
    return max(range(len(known)), key=lambda place: _count_alike(known, place, marks))


def _count_alike(known: _Marks, place: int, marks: _Marks) -> int:
    """How many of the users' first messages are the same if `marks` begin at that place."""
    pairs = zip(known[place : place + _COMPARED], marks, strict=False)
    return sum(mark == other for mark, other in pairs if mark is not _AGENT)


def _find_last_agent(marks: _Marks) -> int:
    return next((place for place in reversed(range(len(marks))) if marks[place] is _AGENT), -1)


def _mark(message: ConversationMessage) -> int | None:
    return _AGENT if message.role == "agent" else hash(message.content)
