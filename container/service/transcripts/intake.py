"""Where the event loop leaves what happened: a queue with a bound that costs it next to nothing.

One thread puts, one takes. Each number has one thread that changes it, so that none needs a lock.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.transcripts.events import Event

MOST_BYTES = 64 * 1024 * 1024
# What an event without a turn takes.
_EVENT_BYTES = 400


class Intake:
    """Events in order, of `most_bytes` together. What finds no room is counted and let go."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._events: deque[tuple[Event, int]] = deque()
        self._put_bytes = 0
        self._taken_bytes = 0
        self._lost = 0
        self._told_lost = 0
        self._is_closed = False

    def put(self, event: Event, size_bytes: int = _EVENT_BYTES) -> None:
        """Take in an event that keeps so much in memory; returns at once and never fails.

        While nothing waits there is room for an event of any size.
        """
        waiting_bytes = self._put_bytes - self._taken_bytes
        has_room = not waiting_bytes or waiting_bytes + size_bytes <= self._most_bytes
        if self._is_closed or not has_room:
            self._lost += 1
        else:
            self._put_bytes += size_bytes
            self._events.append((event, size_bytes))

    def close(self) -> None:
        """Take nothing in any more."""
        self._is_closed = True

    def take(self) -> Event | None:
        """The oldest event, if there is one."""
        if not self._events:
            return None
        event, size_bytes = self._events.popleft()
        self._taken_bytes += size_bytes
        return event

    def count_lost(self) -> int:
        """How many events were let go since the last time this was asked."""
        lost = self._lost
        count, self._told_lost = lost - self._told_lost, lost
        return count

    def __len__(self) -> int:
        return len(self._events)
