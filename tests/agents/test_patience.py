from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from agents.patience import NO_WAIT, Watch

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator


async def _count(*pauses: float | None) -> AsyncGenerator[int, None]:
    for number, pause in enumerate(pauses):
        if pause is None:
            await asyncio.get_running_loop().create_future()
        else:
            await asyncio.sleep(pause)
        yield number


async def read(
    stream: AsyncGenerator[int, None],
    *seconds: float,
    work_seconds: float = 0,
    watch: Watch | None = None,
) -> list[int]:
    """Wait so long for each item, and work on it before the next."""
    bounds = iter(seconds)
    items = []
    async with (watch or Watch()).allow(next(bounds)) as patience:
        async for item in stream:
            patience.seconds_left = NO_WAIT
            items.append(item)
            await asyncio.sleep(work_seconds)
            patience.seconds_left = next(bounds)
    return items


async def test_patience_hands_on_what_comes_in_time() -> None:
    """Items and the end of a stream come as they are."""
    assert await read(_count(0, 0.01), 5, 5, 5) == [0, 1]


async def test_patience_ends_a_wait_that_is_too_long() -> None:
    """A stalled stream raises TimeoutError, and the task can go on."""
    with pytest.raises(TimeoutError):
        await read(_count(0, None), 5, 0.02)
    await asyncio.sleep(0)
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_patience_bounds_each_wait_by_itself() -> None:
    """A shorter bound than the one before counts, and a longer one as well."""
    assert await read(_count(0, 0.1), 0.05, 5, 5) == [0, 1]
    with pytest.raises(TimeoutError):
        await read(_count(0, 0.1, None), 0.05, 5, 0.02)


async def test_patience_does_not_end_what_comes_after_a_wait() -> None:
    """The time between two waits is the reader's own, and the waits after it are bounded."""
    assert await read(_count(0, 0), 0.01, 5, 5, work_seconds=0.05) == [0, 1]
    with pytest.raises(TimeoutError):
        await read(_count(0, 0, None), 0.01, 5, 0.02, work_seconds=0.05)


async def test_patience_passes_on_a_cancellation() -> None:
    """Whoever cancels the task is not taken for a timeout."""
    task = asyncio.ensure_future(read(_count(None), 5))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_patience_yields_to_a_cancellation_at_the_same_moment() -> None:
    """A timeout and a cancellation together are a cancellation."""
    task = asyncio.ensure_future(read(_count(None), 0))
    await asyncio.sleep(0)
    asyncio.get_running_loop().call_later(0, task.cancel)
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("error", [ConnectionError, asyncio.CancelledError])
async def test_patience_outlives_a_timeout_of_the_stream_at_the_same_moment(
    error: type[BaseException],
) -> None:
    """A stream whose own timer cancels as well leaves no cancellation behind for the task."""
    task = asyncio.current_task()
    assert task is not None

    async def fail_by_its_own_timeout() -> AsyncGenerator[int, None]:
        try:
            await asyncio.get_running_loop().create_future()
            yield 0
        except asyncio.CancelledError:
            task.cancel()  # what its own timer did in the same step of the event loop
            task.uncancel()
            raise error from None

    with pytest.raises((ConnectionError, TimeoutError)):
        await read(fail_by_its_own_timeout(), 0.02)
    await asyncio.sleep(0)
    assert task.cancelling() == 0


async def test_watch_ends_only_the_wait_that_is_too_long() -> None:
    """Waits of several tasks have bounds of their own."""
    watch = Watch()
    short = asyncio.ensure_future(read(_count(None), 0.02, watch=watch))
    long = asyncio.ensure_future(read(_count(0.1), 5, 5, watch=watch))
    with pytest.raises(TimeoutError):
        await short
    assert await long == [0]


async def test_watch_sleeps_while_nobody_waits() -> None:
    """Without waits nothing is called now and then, and with the next one it is again."""
    watch = Watch()
    await read(_count(0), 5, 5, watch=watch)
    await asyncio.sleep(0.1)
    assert not watch._is_awake
    with pytest.raises(TimeoutError):
        await read(_count(None), 0.02, watch=watch)
