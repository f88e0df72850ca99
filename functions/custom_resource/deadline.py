"""How much of the function's time is left. Knows nothing of what the time is spent on."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from functions.custom_resource.failure import OutOfTime

if TYPE_CHECKING:
    from collections.abc import Callable


class Deadline:
    """A moment `seconds` from now, on a clock that tests may replace."""

    def __init__(
        self,
        seconds: float,
        *,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._now = now
        self._sleep = sleep
        self._end = now() + seconds

    @property
    def remaining_seconds(self) -> float:
        """How long until the moment; negative after it."""
        return self._end - self._now()

    def cap(self, seconds: float) -> float:
        """The shorter of `seconds` and what is left. Raises OutOfTime when nothing is."""
        remaining = self.remaining_seconds
        if remaining <= 0:
            raise OutOfTime("the function ran out of time; deploy again")
        return min(seconds, remaining)

    def pause(self, seconds: float) -> None:
        """Sleep. Raises OutOfTime at once when the moment would pass meanwhile."""
        if seconds >= self.remaining_seconds:
            raise OutOfTime("the function ran out of time; deploy again")
        self._sleep(seconds)

    def before(self, seconds: float) -> Deadline:
        """A moment `seconds` before this one, on the same clock."""
        return Deadline(self.remaining_seconds - seconds, now=self._now, sleep=self._sleep)

    def within(self, seconds: float) -> Deadline:
        """This moment, or the one `seconds` from now if that comes first."""
        earlier = min(seconds, self.remaining_seconds)
        return Deadline(earlier, now=self._now, sleep=self._sleep)
