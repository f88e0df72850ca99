"""What of the agent's words is shown, and when an answer is whole; knows no client library."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.exchange import Answered, Answering

if TYPE_CHECKING:
    import queue

    from cli.exchange import Event
    from cli.screen import Screen


class Ear:
    """Shows what the agent says, and posts an answer's beginning and end. In the client's thread.

    An answer counts only when it began after the user's last message: what is left of an
    interrupted one is dropped.
    """

    def __init__(self, screen: Screen, events: queue.SimpleQueue[Event]) -> None:
        self._screen = screen
        self._events = events
        self._hears = True
        self._has_parts = False

    def expect_answer(self) -> None:
        """The user is about to say something; call it before the message leaves."""
        self._hears = False

    def hear_part(self, text: str, kind: str) -> None:
        """The client's callback for a streamed answer: start, delta, stop."""
        self._has_parts = True
        if kind == "start":
            self._hears = True
            self._events.put(Answering())
            self._screen.begin_answer()
        if self._hears:
            self._screen.add_words(text)
            if kind == "stop":
                self._finish()

    def hear_whole(self, text: str) -> None:
        """The client's callback for a whole answer; shown where an engine streams no parts."""
        if not self._has_parts:
            self._screen.begin_answer()
            self._screen.add_words(text)
            self._finish()

    def _finish(self) -> None:
        self._screen.end_answer()
        self._events.put(Answered())
