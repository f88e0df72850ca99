"""Turns: which transcript starts one, repeats one or is out of date. No I/O, no clock, no tasks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Literal

from .frames import chunk_end
from .transcript import ConversationMessage

Outcome = Literal["complete", "interrupted", "failed", "closed"]

_creating_event = threading.Lock()


class Turn:
    """One user turn and its answer. Times are seconds of the event loop's clock.

    ``cancelled`` and `wait_cancelled` may be used from any thread: an agent that works outside the
    event loop watches them to stop early. Everything else belongs to the event loop.
    """

    __slots__ = (
        "_cancelled_event",
        "_on_cancel",
        "cancelled",
        "chunk_end",
        "ended_at",
        "event_id",
        "failed",
        "final_sent",
        "first_chunk_at",
        "handler_ended",
        "is_late",
        "notes",
        "outcome",
        "started_at",
        "streams",
        "task",
        "texts",
        "transcript",
        "written",
    )

    def __init__(
        self,
        event_id: int | None,
        started_at: float,
        transcript: tuple[ConversationMessage, ...] = (),
    ) -> None:
        self.event_id = event_id
        self.transcript = transcript
        """What it answers, oldest message first; what an agent does to its own list is not seen."""
        self.started_at = started_at
        self.first_chunk_at: float | None = None
        self.ended_at: float | None = None
        self.outcome: Outcome | None = None
        self.cancelled = False
        self.failed = False
        self.final_sent = False
        self.handler_ended = False
        self.is_late = False
        self.notes: dict[str, str | int | float] = {}
        """What an agent wants the log to say of the turn: which model answered, say. No text."""
        self.streams = 0
        self.task: object = None
        self.texts: list[str] = []
        self.written = 0
        self.chunk_end = chunk_end(event_id)
        self._cancelled_event: threading.Event | None = None
        self._on_cancel: list[Callable[[], object]] = []

    def wait_cancelled(self, timeout: float | None = None) -> bool:
        """Block this thread until the turn is cancelled or ``timeout`` seconds have passed.

        Returns whether it is cancelled. Never call it on the event loop's thread.
        """
        with _creating_event:
            self._cancelled_event = self._cancelled_event or threading.Event()
        # The event is published before the flag is read and cancel() sets the flag before it
        # reads the event, so no order of the two threads misses the signal.
        return self.cancelled or self._cancelled_event.wait(timeout)

    def cancel(self) -> None:
        """Let the turn send nothing more, stop what works for it, wake threads that wait."""
        self.cancelled = True
        if self._cancelled_event is not None:
            self._cancelled_event.set()
        for stop in self._on_cancel:
            stop()
        self._on_cancel.clear()

    def call_on_cancel(self, stop: Callable[[], object]) -> None:
        """Have ``stop`` called when the turn is cancelled."""
        self._on_cancel.append(stop)

    def is_overdue(self, now: float, first_chunk_seconds: float) -> bool:
        """Whether the first chunk has become late, and that has not been said yet."""
        is_waiting = self.first_chunk_at is None and not self.is_late
        return is_waiting and now - self.started_at >= first_chunk_seconds

    def end(self, outcome: Outcome, now: float) -> None:
        """Make the turn's record final; it holds nothing that worked for it any more."""
        self.outcome = outcome
        self.ended_at = now
        self.task = None
        self._on_cancel.clear()

    @property
    def chunks(self) -> int:
        """How many chunks have been sent so far."""
        return len(self.texts)

    @property
    def answer(self) -> str:
        """All text sent so far."""
        return "".join(self.texts)


class TurnOrder:
    """Decides what a transcript's ``event_id`` means, given those that came before.

    Ids rise, not by one; an older one may come again after a newer one was answered, and the newest
    comes again when the platform has waited too long. Without an id nothing can be recognised.
    """

    __slots__ = ("_answer", "_newest")

    def __init__(self) -> None:
        self._newest: int | None = None
        self._answer: str | None = None

    def classify(self, event_id: int | None) -> Literal["new", "repeated", "outdated"]:
        """Tell a transcript that starts a turn from one to answer again or to ignore."""
        if event_id is None or self._newest is None or event_id > self._newest:
            return "new"
        return "repeated" if event_id == self._newest else "outdated"

    def begin(self, event_id: int | None) -> None:
        """Take note of a turn that starts; the answer before it is forgotten."""
        if event_id is not None:
            self._newest = event_id
        self._answer = None

    def remember(self, event_id: int | None, answer: str) -> None:
        """Keep a turn's whole answer if its id is the newest, for when it is asked for again."""
        if event_id is not None and event_id == self._newest:
            self._answer = answer

    @property
    def answer(self) -> str | None:
        """The newest turn's answer; None while it is still being given."""
        return self._answer
