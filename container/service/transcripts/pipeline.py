"""The way of a transcript from the event loop to the table: an intake, two threads, a buffer.

It owns the threads, and what becomes of everything when the process has to end.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from typing import TYPE_CHECKING

from service.transcripts.buffer import Buffer
from service.transcripts.entries import encode
from service.transcripts.intake import MOST_BYTES, Intake
from service.transcripts.restore_lines import RestorePrinter
from service.transcripts.writer import TranscriptWriter

if TYPE_CHECKING:
    from collections.abc import Callable

    from service.transcripts.events import Event
    from service.transcripts.scribe import Scribe
    from service.transcripts.writer import Table

logger = logging.getLogger("service.transcripts")

# How often the intake is looked into: waking a thread at each event would cost the event loop more
# than all the rest, and what comes together is written together.
_LOOK_SECONDS = 0.1
_JOIN_SECONDS = 0.02
# On a busy core an answer's first words would wait for these threads' time to be over.
_NICENESS = 10
# What is printed at the end has to be out before the process is killed. A quarter of a core prints
# so fast.
_PRINTED_BYTES_A_SECOND = 2_000_000


class TranscriptPipeline:
    """What one server says to one table."""

    def __init__(
        self,
        make_scribe: Callable[[], Scribe],
        connect: Callable[[], Table],
        *,
        buffer_bytes: int,
        intake_bytes: int = MOST_BYTES,
    ) -> None:
        """Both are called in threads, and again when they or the table failed.

        `buffer_bytes` is what may wait for the table, `intake_bytes` what may wait for the scribe.
        """
        self._make_scribe = make_scribe
        self._scribe: Scribe | None = None
        self._intake = Intake(intake_bytes)
        self._buffer = Buffer(buffer_bytes)
        self._printer = RestorePrinter()
        self._writer = TranscriptWriter(connect, self._buffer, self._printer)
        self._not_understood = 0
        self._closing = threading.Event()
        self._scribing = _make_thread(self._write_down, "transcripts scribe")
        self._writing = _make_thread(self._writer.run, "transcripts writer")
        self.put = self._intake.put

    def start(self) -> None:
        """Begin to write."""
        self._scribing.start()
        self._writing.start()

    def close(self, seconds: float) -> None:
        """Write what is left, for so long at most; what then remains is printed.

        What nobody has read by then is counted as lost.
        """
        if self._closing.is_set():
            return
        deadline = time.monotonic() + seconds
        self._printer.hurry(deadline)
        self._intake.close()
        self._writer.hurry()
        self._closing.set()
        if self._scribing.ident is None:
            self._write_down()
        while self._writing.is_alive() and time.monotonic() < deadline - self._printing_seconds():
            self._writing.join(_JOIN_SECONDS)
        # A call to the table may still be under way; the thread ends after it.
        self._printer.print_entries(self._buffer.empty(), "no time left")
        if self._scribing.is_alive():
            # From here on it prints.
            self._scribing.join(max(0.0, deadline - time.monotonic()))
        self._tell_lost(len(self._intake))

    def _printing_seconds(self) -> float:
        return self._buffer.size_bytes / _PRINTED_BYTES_A_SECOND

    def _write_down(self) -> None:
        """In its thread: make items of all that happens, until the close and what came before."""
        self._try(None)
        while True:
            is_last = self._closing.is_set()
            while (event := self._intake.take()) is not None:
                self._try(event)
            self._tell_lost()
            if is_last:
                self._buffer.close()
                return
            self._closing.wait(_LOOK_SECONDS)

    def _try(self, event: Event | None) -> None:
        """Get a scribe if need be, and let it write an event down."""
        try:
            self._scribe = self._scribe or self._make_scribe()
            items = self._scribe.write_down(event) if event else []
            entries = [encode(item) for item in items]
        except Exception as error:  # noqa: BLE001 - one event must not end the thread
            logger.error("transcript not understood", extra={"error_type": type(error).__name__})
            self._not_understood += event is not None
            return
        refused = self._buffer.put(entries)
        self._printer.print_entries(
            refused, "no time left" if self._closing.is_set() else "buffer full"
        )

    def _tell_lost(self, left: int = 0) -> None:
        lost = {
            "intake full": self._intake.count_lost() + left,
            "not printed in time": self._printer.count_lost(),
            "not understood": self._not_understood,
        }
        self._not_understood = 0
        for reason, count in lost.items():
            if count:
                logger.error("transcripts lost", extra={"count": count, "reason": reason})


def _make_thread(work: Callable[[], None], name: str) -> threading.Thread:
    """A thread that lets all others go first, where threads have a priority of their own.

    https://man7.org/linux/man-pages/man2/setpriority.2.html
    """

    def run() -> None:
        if sys.platform == "linux":
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
        work()

    return threading.Thread(target=run, name=name)
