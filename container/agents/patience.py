"""Waiting that ends: gives up on an awaitable that takes too long, at next to no cost if not.

`asyncio.timeout` sets and cancels a timer for each wait, which a stream of hundreds of chunks would
pay for each of them; here one timer watches over all waits of one stream.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

T = TypeVar("T")


class Patience:
    """One task's waits, one after the other. Use it as a context, which ends its timer.

    The task that reads must be the one that made it.
    """

    __slots__ = ("_cancelling", "_due_at", "_has_fired", "_loop", "_task", "_timer")

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        task = asyncio.current_task()
        assert task is not None, "only a task can lose its patience"
        self._task = task
        self._cancelling = task.cancelling()
        self._due_at: float | None = None
        self._has_fired = False
        self._timer: asyncio.TimerHandle | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._timer is not None:
            self._timer.cancel()

    async def next(self, stream: AsyncIterator[T], due_at: float) -> T:
        """The stream's next item. Raises TimeoutError if it has not come by `due_at`.

        `due_at` is a time of the event loop; a stream that ends raises StopAsyncIteration.
        """
        self._due_at = due_at
        if self._timer is None or self._timer.when() > due_at:
            self._arm(due_at)
        try:
            return await stream.__anext__()
        except asyncio.CancelledError:
            # Somebody else's cancellation goes on, also when both come together.
            if self._has_fired and self._task.uncancel() <= self._cancelling:
                raise TimeoutError from None
            raise
        finally:
            self._due_at = None

    def _arm(self, at: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(at, self._look)

    def _look(self) -> None:
        self._timer = None
        if self._due_at is None:
            return
        if self._loop.time() >= self._due_at:
            self._has_fired = True
            self._task.cancel()
        else:
            self._arm(self._due_at)
