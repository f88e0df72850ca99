from __future__ import annotations

import asyncio

import pytest

from local.platform.clock import JumpingClock, SystemClock, finish_within, happens_within


async def test_jumping_clock_wakes_sleepers_in_order_of_their_deadlines() -> None:
    """Advancing past two deadlines wakes the nearer sleeper first, each at its own time."""
    clock = JumpingClock(now=100.0)
    woken: list[tuple[str, float]] = []

    async def sleep(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append((name, clock.time()))

    tasks = [asyncio.create_task(sleep("late", 5)), asyncio.create_task(sleep("early", 2))]
    await clock.advance(10)
    await asyncio.gather(*tasks)
    assert woken == [("early", 102.0), ("late", 105.0)]
    assert clock.time() == 110.0


async def test_jumping_clock_lets_a_sleeper_sleep_again_within_one_advance() -> None:
    """A loop that sleeps again after each waking runs as often as the advance has room for."""
    clock = JumpingClock(now=0.0)
    beats: list[float] = []

    async def beat() -> None:
        while True:
            await clock.sleep(3)
            beats.append(clock.time())

    task = asyncio.create_task(beat())
    await clock.advance(10)
    task.cancel()
    assert beats == [3.0, 6.0, 9.0]


async def test_jumping_clock_stands_still_by_itself() -> None:
    """Without an advance no sleeper wakes and no time passes."""
    clock = JumpingClock(now=7.0)
    task = asyncio.create_task(clock.sleep(0.001))
    await asyncio.sleep(0.02)
    assert not task.done()
    assert clock.time() == 7.0
    task.cancel()


async def test_jumping_clock_passes_over_cancelled_sleepers() -> None:
    """A cancelled sleeper neither wakes nor stops the others from waking."""
    clock = JumpingClock(now=0.0)
    cancelled = asyncio.create_task(clock.sleep(1))
    kept = asyncio.create_task(clock.sleep(2))
    await asyncio.sleep(0)
    cancelled.cancel()
    await clock.advance(3)
    assert cancelled.cancelled()
    assert kept.done()


async def test_happens_within_tells_an_event_from_a_timeout() -> None:
    """The answer is true when the event comes first and false when the time does."""
    clock = JumpingClock()
    event = asyncio.Event()
    waiting = asyncio.create_task(happens_within(event, 4, clock))
    await clock.advance(3.9)
    assert not waiting.done()
    await clock.advance(0.2)
    assert await waiting is False
    waiting = asyncio.create_task(happens_within(event, 4, clock))
    event.set()
    assert await waiting is True


async def test_finish_within_cancels_what_takes_too_long() -> None:
    """Work that is not done in time is cancelled, and the caller gets a TimeoutError."""
    clock = JumpingClock()
    work = asyncio.ensure_future(asyncio.Event().wait())
    waiting = asyncio.create_task(finish_within(work, 4, clock))
    await clock.advance(4)
    with pytest.raises(TimeoutError):
        await waiting
    assert work.cancelled()


async def test_jumping_clock_passes_a_turn_for_no_time_at_all() -> None:
    """Sleeping for zero seconds needs no advance."""
    await asyncio.wait_for(JumpingClock().sleep(0), timeout=1)


async def test_system_clock_sleeps_in_real_time() -> None:
    """A sleep on the system clock moves its time by at least as much."""
    clock = SystemClock()
    before = clock.time()
    await clock.sleep(0.01)
    assert clock.time() - before >= 0.009
