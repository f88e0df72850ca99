from __future__ import annotations

import pytest

from functions.custom_resource.deadline import Deadline
from functions.custom_resource.failure import OutOfTime
from tests.fakes.cloudformation import FakeClock


def start(seconds: float) -> tuple[Deadline, FakeClock]:
    clock = FakeClock()
    return Deadline(seconds, now=clock.now, sleep=clock.sleep), clock


def test_deadline_comes_nearer() -> None:
    """Pauses use up the time, and limits shrink with it."""
    deadline, _ = start(10)
    deadline.pause(7)
    assert (deadline.remaining_seconds, deadline.cap(20), deadline.cap(1)) == (3, 3, 1)


def test_deadline_refuses_a_pause_beyond_it() -> None:
    """Sleeping through one's own end helps nobody: it fails at once."""
    deadline, clock = start(5)
    with pytest.raises(OutOfTime, match="deploy again"):
        deadline.pause(5)
    assert clock.pauses == []


def test_deadline_that_passed_gives_no_time() -> None:
    """Nothing is begun after the moment."""
    deadline, clock = start(5)
    clock.seconds = 5
    with pytest.raises(OutOfTime):
        deadline.cap(1)


def test_deadlines_derived_share_the_clock() -> None:
    """A moment before another, and the nearer of two, move with the same time."""
    deadline, clock = start(60)
    before, within, beyond = deadline.before(20), deadline.within(30), deadline.within(90)
    clock.seconds = 10
    left = [each.remaining_seconds for each in (deadline, before, within, beyond)]
    assert left == [50, 30, 20, 50]
