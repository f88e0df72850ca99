from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from agents.patience import Patience

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator


async def _count(*pauses: float | None) -> AsyncGenerator[int, None]:
    for number, pause in enumerate(pauses):
        if pause is None:
            await asyncio.get_running_loop().create_future()
        else:
            await asyncio.sleep(pause)
        yield number


def _in(seconds: float) -> float:
    return asyncio.get_running_loop().time() + seconds


async def test_patience_hands_on_what_comes_in_time() -> None:
    """Items and the end of a stream come as they are."""
    stream = _count(0, 0.01)
    with Patience() as patience:
        assert await patience.next(stream, _in(5)) == 0
        assert await patience.next(stream, _in(5)) == 1
        with pytest.raises(StopAsyncIteration):
            await patience.next(stream, _in(5))


async def test_patience_ends_a_wait_that_is_too_long() -> None:
    """A stalled stream raises TimeoutError, and the task can go on."""
    stream = _count(0, None)
    with Patience() as patience:
        await patience.next(stream, _in(5))
        with pytest.raises(TimeoutError):
            await patience.next(stream, _in(0.02))
    await asyncio.sleep(0)
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_patience_bounds_each_wait_by_itself() -> None:
    """A shorter bound than the one before counts, and a longer one as well."""
    stream = _count(0, 0.1, None)
    with Patience() as patience:
        await patience.next(stream, _in(0.05))
        assert await patience.next(stream, _in(5)) == 1
        with pytest.raises(TimeoutError):
            await patience.next(stream, _in(0.02))


async def test_patience_does_not_end_what_comes_after_a_wait() -> None:
    """The time between two waits is the reader's own."""
    stream = _count(0, 0)
    with Patience() as patience:
        await patience.next(stream, _in(0.01))
        await asyncio.sleep(0.05)
        assert await patience.next(stream, _in(5)) == 1


async def test_patience_passes_on_a_cancellation() -> None:
    """Whoever cancels the task is not taken for a timeout."""

    async def read() -> None:
        with Patience() as patience:
            await patience.next(_count(None), _in(5))

    task = asyncio.ensure_future(read())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_patience_yields_to_a_cancellation_at_the_same_moment() -> None:
    """A timeout and a cancellation together are a cancellation."""

    async def read() -> None:
        with Patience() as patience:
            await patience.next(_count(None), _in(0))

    task = asyncio.ensure_future(read())
    await asyncio.sleep(0)
    asyncio.get_running_loop().call_later(0, task.cancel)
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_patience_leaves_no_timer() -> None:
    """When the context ends, nothing of it is called later."""
    with Patience() as patience:
        await patience.next(_count(0), _in(60))
        timer = patience._timer
    assert timer is not None
    assert timer.cancelled()
