"""Conversations told to the transcript log as the runtime tells them, with no socket in between.

Knows the platform's habit of repeating the whole history, and keeps what a table should have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from speech_engine import ConversationMessage, SpeechEngineSession, Turn
from tests.fakes.sockets import MockSocket

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from speech_engine.turns import Outcome

# Every third answer is interrupted, and the platform then shows half of it.
_INTERRUPTED = 3


class SpokenConversation:
    """One conversation: `spoken` is the platform's record, `expected` the log's, in order."""

    def __init__(self, name: str, handlers: Mapping[str, Callable[..., Any]], words: str) -> None:
        self.name = name
        self.turns = 0
        self.spoken: list[tuple[str, str]] = []
        self.expected: list[tuple[str, str, str | None, str | None]] = []
        """Role, text, outcome of an answer, and how it was heard where that differs."""
        self._handlers = handlers
        self._words = words
        self._session = SpeechEngineSession(MockSocket())
        handlers["on_init"](name, self._session)

    def take_turn(self) -> None:
        """Let the user speak and the agent answer, whole or in part."""
        self.turns += 1
        said = f"{self._words} {self.name} {self.turns}"
        self.spoken.append(("user", said))
        is_cut = self.turns % _INTERRUPTED == 0
        turn = self._make_turn("interrupted" if is_cut else "complete")
        self._handlers["on_turn_ended"](turn, self._session)
        heard = turn.answer[: len(turn.answer) // 2].rstrip() if is_cut else turn.answer
        self.spoken.append(("agent", heard))
        self.expected += [("user", said, None, None), ("agent", turn.answer, turn.outcome, None)]

    def hear_last_answer(self) -> None:
        """Take one more turn, so that the last answer's length is known, and end."""
        self.take_turn()
        self._session.close_code = 1000
        self._handlers["on_close"](self._session)
        self._handlers["on_ended"](self._session)
        for place, (role, text, outcome, _) in enumerate(self.expected[:-1]):
            heard = self.spoken[place][1]
            if heard != text:
                self.expected[place] = (role, text, outcome, heard)

    def _make_turn(self, outcome: Outcome) -> Turn:
        messages = tuple(ConversationMessage(role, text) for role, text in self.spoken)
        turn = Turn(self.turns * 3, float(self.turns), messages)
        turn.texts = [f"{self._words} ", f"to {self.name} ", f"in turn {self.turns}"]
        turn.written = len(turn.texts)
        turn.first_chunk_at = self.turns + 0.25
        turn.end(outcome, self.turns + 1.0)
        return turn


def read_messages(items: list[dict[str, Any]]) -> list[tuple[str, str, str | None, str | None]]:
    """What items in the order of their keys tell, in the form of `SpokenConversation.expected`."""
    return [
        (item["role"], item["text"], item.get("outcome"), item.get("heard"))
        for item in items
        if item["item"] != "head"
    ]
