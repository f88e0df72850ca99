"""The give and take of one conversation: lines of the user, answers of the agent, and its end.

All that happens, in the client's thread or in the reader's, becomes an event of one queue, and the
main thread alone decides. It knows neither the network nor the official client.
"""

from __future__ import annotations

import contextlib
import io
import queue
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cli.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Callable

    from cli.screen import Screen

_ANSWER_SECONDS = 60.0
_SILENCE_SECONDS = 8.0
_POLL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Line:
    """The user entered something."""

    text: str


@dataclass(frozen=True, slots=True)
class EndOfInput:
    """The user has nothing more to say."""


@dataclass(frozen=True, slots=True)
class Answering:
    """The agent has begun to answer."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The agent's answer is whole."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The conversation is over, by the agent or by a failure."""

    reason: str


Event = Line | EndOfInput | Answering | Answered | Ended


class Exchange:
    """Runs a conversation that is open until somebody ends it.

    `say` sends one message of the user. With `waits_for_answers` the next line is read when the
    last one is answered; without it a line entered while the agent speaks interrupts the agent,
    and a long silence is told, with `silence`.
    """

    def __init__(
        self,
        say: Callable[[str], None],
        screen: Screen,
        events: queue.SimpleQueue[Event],
        *,
        waits_for_answers: bool,
        silence: str = "no answer yet",
    ) -> None:
        self._say = say
        self._screen = screen
        self._events = events
        self._waits_for_answers = waits_for_answers
        self._silence = silence
        # When the user said what has not been answered, by the monotonic clock.
        self._asked_at: float | None = None
        self._is_silent = False
        # One line at a time is on its way: standard input is never read ahead.
        self._may_read = threading.Semaphore(1)

    def run(self, input_descriptor: int) -> None:
        """Read lines from a file descriptor and talk. Raises CommandError when it breaks off."""
        threading.Thread(target=self._read, args=(input_descriptor,), daemon=True).start()
        self._screen.prompt()
        goes_on = True
        while goes_on:
            event = self._next_event()
            if isinstance(event, Line):
                self._screen.end_input()
            goes_on = self._handle(event)

    def _next_event(self) -> Event:
        while True:
            # Never without a limit: Ctrl-C just before the wait would be noticed only after it.
            with contextlib.suppress(queue.Empty):
                return self._events.get(timeout=_POLL_SECONDS)
            if self._asked_at is not None:
                self._look_at_clock(time.monotonic() - self._asked_at)

    def _look_at_clock(self, waited_seconds: float) -> None:
        if self._waits_for_answers:
            if waited_seconds > _ANSWER_SECONDS:
                raise CommandError(f"no answer within {_ANSWER_SECONDS:g} s; see the log")
        elif self._is_silent and waited_seconds > _SILENCE_SECONDS:
            self._is_silent = False
            self._screen.note(self._silence)
            self._screen.prompt()

    def _handle(self, event: Event) -> bool:
        match event:
            case EndOfInput() | Line(text="/quit"):
                return False
            case Ended(reason=reason):
                self._screen.end_line()
                raise CommandError(f"the conversation has ended: {reason}")
            case Line(text=""):
                self._screen.prompt()
                self._may_read.release()
            case Line(text=text):
                self._ask(text)
            case Answering():
                self._is_silent = False
            case Answered():
                self._screen.prompt()
                if self._waits_for_answers and self._asked_at is not None:
                    self._may_read.release()
                self._asked_at = None
        return True

    def _ask(self, text: str) -> None:
        self._asked_at, self._is_silent = time.monotonic(), True
        self._say(text)
        if not self._waits_for_answers:
            self._may_read.release()

    def _read(self, descriptor: int) -> None:
        # Unbuffered: the lock of a buffered reader could not be taken at exit while it waits here.
        with io.FileIO(descriptor, closefd=False) as source:
            while self._may_read.acquire() and (raw := source.readline()):
                self._events.put(Line(raw.decode(errors="replace").strip()))
        self._events.put(EndOfInput())
