"""Time as the simulator sees it: a real clock, and one that tests move by hand.

Everything in the simulator that waits for time to pass asks a `Clock`. Nothing here knows what is
being waited for.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from collections.abc import Awaitable
from typing import Protocol, TypeVar

T = TypeVar("T")

_SETTLING_PASSES = 25  # loop passes in which woken tasks may run and go back to sleep


class Clock(Protocol):
    """Unix time in seconds, and a way to let some of it pass."""

    def time(self) -> float:
        """Return the seconds since the epoch."""

    async def sleep(self, seconds: float) -> None:
        """Return once that many seconds of this clock have passed."""


class SystemClock:
    """The machine's own time."""

    def time(self) -> float:
        """Return the seconds since the epoch."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """Sleep in real time."""
        await asyncio.sleep(seconds)


class JumpingClock:
    """A clock that stands still until `advance` moves it.

    Sleepers wake in the order of their deadlines.
    """

    def __init__(self, now: float | None = None) -> None:
        self._now = time.time() if now is None else now
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def time(self) -> float:
        """Return the seconds since the epoch."""
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Wait until `advance` has moved the clock this far."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + seconds, next(self._order), woken))
        await woken

    async def advance(self, seconds: float) -> None:
        """Move on by `seconds`, stopping at each deadline so that sleepers act and sleep again."""
        target = self._now + seconds
        await _settle()
        while self._sleepers and self._sleepers[0][0] <= target:
            deadline, _, woken = heapq.heappop(self._sleepers)
            if woken.done():
                continue
            self._now = deadline
            woken.set_result(None)
            await _settle()
        self._now = target


async def finish_within(work: Awaitable[T], seconds: float, clock: Clock) -> T:
    """Return the result of `work`, or cancel it and raise `TimeoutError` after `seconds`."""
    working = asyncio.ensure_future(work)
    expiring = asyncio.ensure_future(clock.sleep(seconds))
    try:
        await asyncio.wait({working, expiring}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise TimeoutError
    finally:
        working.cancel()
        expiring.cancel()


async def happens_within(event: asyncio.Event, seconds: float, clock: Clock) -> bool:
    """Wait for `event`, for at most `seconds` of `clock`; tell whether it happened."""
    try:
        return await finish_within(event.wait(), seconds, clock)
    except TimeoutError:
        return event.is_set()


async def _settle() -> None:
    for _ in range(_SETTLING_PASSES):
        await asyncio.sleep(0)
