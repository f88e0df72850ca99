"""What waits for the table: entries in order, newest state only, within a bound in bytes.

One thread puts, another takes; an entry stays, and counts, until the table has it.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from service.transcripts.entries import Entry

# A request may have 16 MB; control characters take more in JSON than the table counts.
# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
_MOST_BATCH_BYTES = 8 * 1024 * 1024


class Buffer:
    """`most_bytes` is what all entries together may take."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._entries: OrderedDict[tuple[str, str], Entry] = OrderedDict()
        self._changed = threading.Condition()
        self._is_closed = False
        self.size_bytes = 0

    def put(self, entries: Iterable[Entry]) -> list[Entry]:
        """Take entries in, each in the place of an earlier state; returns those without room."""
        with self._changed:
            refused = [entry for entry in entries if not self._put(entry)]
            self._changed.notify()
        return refused

    def close(self) -> None:
        """Take nothing in any more; whoever waits for a batch learns of it when none is left."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()

    def wait_for_batch(self, most_entries: int) -> list[Entry]:
        """The oldest entries, at least one; none when the buffer is closed and empty."""
        with self._changed:
            self._changed.wait_for(lambda: self._entries or self._is_closed)
            batch: list[Entry] = []
            room_bytes = _MOST_BATCH_BYTES
            for entry in islice(self._entries.values(), most_entries):
                room_bytes -= entry.size_bytes
                if batch and room_bytes < 0:
                    break
                batch.append(entry)
            return batch

    def remove(self, entries: Iterable[Entry]) -> None:
        """Forget entries that the table has; a newer state of one of them stays."""
        with self._changed:
            for entry in entries:
                if self._entries.get(entry.key) is entry:
                    del self._entries[entry.key]
                    self.size_bytes -= entry.size_bytes

    def postpone(self, entries: Iterable[Entry]) -> None:
        """Let all others go before these."""
        with self._changed:
            for entry in entries:
                if entry.key in self._entries:
                    self._entries.move_to_end(entry.key)

    def empty(self) -> list[Entry]:
        """Close, and take out all that is left."""
        with self._changed:
            left = list(self._entries.values())
            self._entries.clear()
            self.size_bytes = 0
            self._is_closed = True
            self._changed.notify()
        return left

    def __len__(self) -> int:
        return len(self._entries)

    def _put(self, entry: Entry) -> bool:
        older = self._entries.get(entry.key)
        size_bytes = self.size_bytes + entry.size_bytes - (older.size_bytes if older else 0)
        if self._is_closed or size_bytes > self._most_bytes:
            return False
        self._entries[entry.key] = entry
        self.size_bytes = size_bytes
        return True
