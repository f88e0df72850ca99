"""Waiting that ends: a block in which no single wait may take too long, at next to no cost if none.

`asyncio.timeout` sets and cancels a timer for each wait, which a stream of hundreds of chunks would
pay for each of them; here one timer watches over all waits of one stream.
"""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType


class Patience:
    """The waits of one task, one after the other; the first begins with the `with` block.

    A wait that is too long is cancelled, and the block raises TimeoutError. The task that waits
    must be the one that entered it.
    """

    __slots__ = ("_cancelling", "_due_at", "_fires_at", "_has_fired", "_loop", "_task", "_timer")

    def __init__(self, seconds: float) -> None:
        task = asyncio.current_task()
        assert task is not None, "only a task can lose its patience"
        self._task = task
        self._loop = task.get_loop()
        self._cancelling = task.cancelling()
        self._has_fired = False
        self._due_at = self._fires_at = self._loop.time() + seconds
        self._timer = self._loop.call_at(self._fires_at, self._look)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: object, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        was_cancelled = self._has_fired and isinstance(error, asyncio.CancelledError)
        # Somebody else's cancellation goes on, also when both come together.
        if was_cancelled and self._task.uncancel() <= self._cancelling:
            raise TimeoutError from None

    def pause(self) -> None:
        """What was waited for is here; what the task does now may take its time."""
        self._due_at = math.inf

    def resume(self, seconds: float) -> None:
        """Begin the next wait, of at most so long."""
        self._due_at = due_at = self._loop.time() + seconds
        if due_at < self._fires_at:
            self._timer.cancel()
            self._set_timer(due_at)

    def _set_timer(self, at: float) -> None:
        self._fires_at = at
        self._timer = self._loop.call_at(at, self._look)

    def _look(self) -> None:
        if self._due_at == math.inf:
            self._fires_at = math.inf
        elif self._loop.time() >= self._due_at:
            self._has_fired = True
            self._task.cancel()
        else:
            self._set_timer(self._due_at)
