"""Gets what is in the buffer to the table, in a thread of its own.

It owns the batches, the retries and the pauses. What the table never takes is printed, so that it
can be restored. Writing an item twice does no harm.
"""

from __future__ import annotations

import logging
import math
import random
import threading
import time
from typing import TYPE_CHECKING, Protocol

from service.transcripts.restore_lines import RestorePrinter
from service.transcripts.table import (
    MOST_ITEMS,
    CredentialsRefused,
    ItemRefused,
    TableBusy,
    TableUnavailable,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from service.transcripts.buffer import Buffer
    from service.transcripts.entries import Entry

logger = logging.getLogger("service.transcripts")

# https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/
_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 20.0
_LONGEST_LAST_PAUSE_SECONDS = 0.3
_MOST_DOUBLINGS = 10
# The hurry at the end would tell the same several times a second.
_SECONDS_BETWEEN_WARNINGS = 10.0


class Table(Protocol):
    """What the writer needs of a table; see `DynamoTable.write`."""

    def write(self, entries: Sequence[Entry]) -> list[Entry]:
        """Write; returns what has to be written again."""
        ...


class TranscriptWriter:
    """One buffer, one thread, one table."""

    def __init__(
        self, connect: Callable[[], Table], buffer: Buffer, printer: RestorePrinter | None = None
    ) -> None:
        """`connect` is called in the writer's thread, and again when it or the table fails."""
        self._connect = connect
        self._buffer = buffer
        self._printer = printer or RestorePrinter()
        self._table: Table | None = None
        self._failures = 0
        self._batch_items = MOST_ITEMS
        self._warned_at: dict[str, float] = {}
        self._hurry = threading.Event()

    def run(self) -> None:
        """Write until the buffer is closed and empty."""
        if not self._hurry.is_set():
            self._try([])
        while batch := self._buffer.wait_for_batch(self._batch_items):
            self._try(batch)

    def hurry(self) -> None:
        """Make short pauses from now on. May be called from any thread."""
        self._hurry.set()

    def _try(self, batch: Sequence[Entry]) -> None:
        """Connect if need be, and write a batch, or some of it; pause if some is left."""
        try:
            self._table = self._table or self._connect()
            left = self._write(batch) if batch else []
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not end the thread
            self._fail(error)
            left = list(batch)
        else:
            self._failures = 0
            self._batch_items = min(MOST_ITEMS, 2 * self._batch_items)
        if left or self._failures:
            # Behind the others: what the table does not take holds nothing else up.
            self._buffer.postpone(left)
            self._pause(len(left) / len(batch) if batch else 1.0)

    def _write(self, batch: Sequence[Entry]) -> list[Entry]:
        assert self._table is not None
        try:
            left = self._table.write(batch)
        except ItemRefused as refusal:
            if len(batch) > 1:
                # One bad item has its whole batch refused.
                middle = len(batch) // 2
                return self._write(batch[:middle]) + self._write(batch[middle:])
            self._printer.print_entries(batch, str(refusal))
            left = []
        self._buffer.remove(entry for entry in batch if entry not in left)
        if len(left) == len(batch):
            raise TableBusy("UnprocessedItems")
        return left

    def _fail(self, error: Exception) -> None:
        self._failures = min(self._failures + 1, _MOST_DOUBLINGS)
        if not isinstance(error, TableBusy):
            # If one item is the reason, it will soon be alone.
            self._batch_items = max(1, self._batch_items // 2)
        if isinstance(error, CredentialsRefused):
            self._table = None
        self._warn(str(error) if isinstance(error, TableUnavailable) else type(error).__name__)

    def _warn(self, reason: str) -> None:
        now = time.monotonic()
        if now - self._warned_at.get(reason, -math.inf) < _SECONDS_BETWEEN_WARNINGS:
            return
        self._warned_at[reason] = now
        waiting = {"waiting": len(self._buffer), "waiting_bytes": self._buffer.size_bytes}
        logger.warning("transcripts wait", extra={"reason": reason, **waiting})

    def _pause(self, share_left: float) -> None:
        longest = min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2**self._failures)
        seconds = random.uniform(0, longest * share_left)
        if self._hurry.wait(seconds):
            time.sleep(min(seconds, random.uniform(0, _LONGEST_LAST_PAUSE_SECONDS)))
