"""Waiting that ends: a block in which no single wait may take too long, at next to no cost if none.

`asyncio.timeout` sets and cancels a timer for each wait, which a stream of hundreds of chunks would
pay for each of them; here one look every so often is enough for all waits of a server.
"""

from __future__ import annotations

import asyncio
import math
from contextlib import suppress
from typing import Self

NO_WAIT = math.inf
"""For `Patience.seconds_left`: what was waited for is here, and the task may take its time."""

_LOOK_SECONDS = 0.02
"""How late the end of a wait may be noticed."""

_LONGEST_LOOK_SECONDS = 0.1
"""What counts of the time between two looks: when the event loop lags, nobody else was silent."""


class Watch:
    """Ends waits on the running event loop; while there are none it sleeps."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiting: set[Patience] = set()
        self._is_awake = False
        self._looked_at = 0.0

    def allow(self, seconds: float) -> Patience:
        """Begin a wait of the running task; use what is returned as `async with watch.allow(…)`."""
        return Patience(self, seconds)

    def add(self, patience: Patience) -> None:
        """Look at its waits from now on."""
        self._waiting.add(patience)
        if not self._is_awake:
            self._is_awake = True
            self._sleep()

    def remove(self, patience: Patience) -> None:
        """Look at them no more."""
        self._waiting.discard(patience)

    def _sleep(self) -> None:
        self._looked_at = self._loop.time()
        self._loop.call_later(_LOOK_SECONDS, self._look)

    def _look(self) -> None:
        seconds = min(self._loop.time() - self._looked_at, _LONGEST_LOOK_SECONDS)
        for patience in tuple(self._waiting):
            patience.spend(seconds)
        self._is_awake = bool(self._waiting)
        if self._is_awake:
            self._sleep()


class Patience:
    """The waits of one task, one after the other; the first begins with the block.

    A wait that is too long is cancelled, and the block raises TimeoutError. The task that waits
    must be the one that entered it.
    """

    __slots__ = ("_cancelling", "_has_fired", "_task", "_watch", "seconds_left")

    def __init__(self, watch: Watch, seconds: float) -> None:
        task = asyncio.current_task()
        assert task is not None, "only a task can lose its patience"
        self._watch = watch
        self._task = task
        self._cancelling = task.cancelling()
        self._has_fired = False
        self.seconds_left = seconds
        """Of the wait that is on; set it when the next begins, and to NO_WAIT while there is none.

        Not by methods: a stream of hundreds of chunks would pay for both at each of them.
        """

    async def __aenter__(self) -> Self:
        self._watch.add(self)
        return self

    async def __aexit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        self._watch.remove(self)
        if not self._has_fired:
            return
        self._task.uncancel()
        # A timer of the stream's own at the same moment cancels too: that comes one step later.
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(0)
        # Somebody else's cancellation goes on, also when all come together.
        if self._task.cancelling() > self._cancelling:
            raise asyncio.CancelledError
        if isinstance(error, asyncio.CancelledError):
            raise TimeoutError from None

    def spend(self, seconds: float) -> None:
        """So much of the wait is over; end it if that was the rest."""
        self.seconds_left -= seconds
        # The next look comes earlier than a whole pause between two.
        if self.seconds_left <= -_LOOK_SECONDS:
            self.seconds_left = NO_WAIT
            self._has_fired = True
            self._task.cancel()
