"""Where the event loop leaves what happened: a queue with a bound that costs it next to nothing.

One thread puts, one takes. Each number has one thread that changes it, so that none needs a lock.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.transcripts.events import Event

# Every event holds the whole history of its turn: a hundred bytes and the words of each message.
MOST_MESSAGES = 200_000


class Intake:
    """Events in order. What finds no room is counted and let go."""

    def __init__(self, most_messages: int = MOST_MESSAGES) -> None:
        self._most_messages = most_messages
        self._events: deque[tuple[Event, int]] = deque()
        self._put_messages = 0
        self._taken_messages = 0
        self._lost = 0
        self._told_lost = 0
        self._is_closed = False

    def put(self, event: Event, messages: int = 1) -> None:
        """Take in an event that holds so many messages; returns at once and never fails."""
        waiting = self._put_messages - self._taken_messages
        if self._is_closed or waiting + messages > self._most_messages:
            self._lost += 1
        else:
            self._put_messages += messages
            self._events.append((event, messages))

    def close(self) -> None:
        """Take nothing in any more."""
        self._is_closed = True

    def take(self) -> Event | None:
        """The oldest event, if there is one."""
        if not self._events:
            return None
        event, messages = self._events.popleft()
        self._taken_messages += messages
        return event

    def count_lost(self) -> int:
        """How many events were let go since the last time this was asked."""
        lost = self._lost
        count, self._told_lost = lost - self._told_lost, lost
        return count

    def __len__(self) -> int:
        return len(self._events)
