"""Gets items to the table from a thread of its own: the event loop only puts them in a queue.

It owns the queue, its bound, and the retries. An item that can't be written becomes one line of
the log, from which it can be restored. Writing one twice does no harm.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import random
import threading
import time
from typing import TYPE_CHECKING, Protocol

from service.transcripts.table import MOST_ITEMS, ItemRefused, TableUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from service.transcripts.items import Item

logger = logging.getLogger("service.transcripts")

# Some minutes of a busy task while the table is away.
_MOST_WAITING = 10_000
# https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/
_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 20.0
_LONGEST_LAST_PAUSE_SECONDS = 0.3


class Table(Protocol):
    """What the writer needs of a table; see `DynamoTable.write`."""

    def write(self, items: Sequence[Item]) -> list[Item]:
        """Write; returns what has to be written again."""
        ...


class TranscriptWriter:
    """One queue, one thread, one table. `put` is for one thread, the event loop's."""

    def __init__(self, connect: Callable[[], Table], *, most_waiting: int = _MOST_WAITING) -> None:
        """`connect` is called in the writer's thread, and again as long as it fails."""
        self._connect = connect
        self._most_waiting = most_waiting
        self._queue: queue.SimpleQueue[Iterable[Item]] = queue.SimpleQueue()
        self._pending: dict[tuple[object, object], Item] = {}
        self._table: Table | None = None
        self._failures = 0
        self._closing = threading.Event()
        self._has_given_up = False
        self._thread = threading.Thread(target=self._run, name="transcripts")

    def start(self) -> None:
        """Connect and begin to write."""
        self._thread.start()

    def put(self, *items: Item) -> None:
        """Take items in; returns at once and never fails."""
        if self._closing.is_set() or self._queue.qsize() >= self._most_waiting:
            _tell_lost(items, "closed" if self._closing.is_set() else "queue full")
        else:
            self._queue.put(items)

    def close(self, seconds: float) -> None:
        """Write what is left, for so long at most; what then remains goes to the log."""
        if self._closing.is_set():
            return
        self._closing.set()
        self._queue.put(())
        if self._thread.ident is not None:
            self._thread.join(seconds)
        # A call to the table may still be under way; the thread ends after it.
        self._has_given_up = True
        with contextlib.suppress(queue.Empty):
            while True:
                # The thread may still take from the queue: an item seen is not an item got.
                _tell_lost(self._queue.get_nowait(), "no time left")
        _tell_lost(list(self._pending.values()), "no time left")

    # -- in the thread -------------------------------------------------------------------------

    def _run(self) -> None:
        if not self._closing.is_set():
            self._try(self._connect_once)
        while not self._has_given_up:
            self._collect()
            if not self._pending:
                return
            self._try(self._write_some)

    def _collect(self) -> None:
        """Fill up the next batch; waits while there is nothing to write."""
        while len(self._pending) < MOST_ITEMS:
            try:
                items = self._queue.get(block=not self._pending and not self._closing.is_set())
            except queue.Empty:
                return
            for item in items:
                # A newer state of the same item takes the older one's place.
                self._pending[item["conversation"], item["item"]] = item

    def _try(self, step: Callable[[], bool]) -> None:
        try:
            is_done = step()
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not end the thread
            is_done = False
            reason = str(error) if isinstance(error, TableUnavailable) else type(error).__name__
            waiting = len(self._pending) + self._queue.qsize()
            logger.warning("transcripts wait", extra={"reason": reason, "waiting": waiting})
        self._failures = 0 if is_done else self._failures + 1
        if not is_done:
            self._pause()

    def _connect_once(self) -> bool:
        self._table = self._table or self._connect()
        return True

    def _write_some(self) -> bool:
        """Write one batch; returns whether the table took it all."""
        self._connect_once()
        batch = list(self._pending.values())[:MOST_ITEMS]
        left = self._write(batch)
        for item in batch:
            if item not in left:
                del self._pending[item["conversation"], item["item"]]
        return not left

    def _write(self, batch: Sequence[Item]) -> list[Item]:
        assert self._table is not None
        try:
            return self._table.write(batch)
        except ItemRefused as refusal:
            if len(batch) == 1:
                _tell_lost(batch, str(refusal))
                return []
            # One bad item has its whole batch refused.
            middle = len(batch) // 2
            return self._write(batch[:middle]) + self._write(batch[middle:])

    def _pause(self) -> None:
        longest = min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2**self._failures)
        if self._closing.wait(random.uniform(0, longest)):
            time.sleep(random.uniform(0, _LONGEST_LAST_PAUSE_SECONDS))


def _tell_lost(items: Iterable[Item], reason: str) -> None:
    """Log each item whole, text included: this line is then its only copy."""
    for item in items:
        logger.error("transcript not written", extra={"reason": reason, "item": item})
