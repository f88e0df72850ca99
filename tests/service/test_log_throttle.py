from __future__ import annotations

import logging

from service.log_throttle import LogThrottle


class Clock:
    """Time that passes when told."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def record_of(message: str) -> logging.LogRecord:
    return logging.makeLogRecord({"msg": message})


def test_throttle_lets_few_lines_of_a_flood_through() -> None:
    """Of ten thousand refusals in one moment, twenty are written."""
    throttle = LogThrottle("refused", Clock())
    assert sum(throttle.filter(record_of("refused")) for _ in range(10_000)) == 20


def test_throttle_counts_what_it_held_back() -> None:
    """The next line that passes tells how many did not."""
    clock = Clock()
    throttle = LogThrottle("refused", clock)
    for _ in range(25):
        throttle.filter(record_of("refused"))
    clock.now = 1.0
    next_record = record_of("refused")
    assert throttle.filter(next_record)
    assert next_record.__dict__["suppressed"] == 5
    assert not throttle.filter(record_of("refused"))


def test_throttle_recovers_with_time() -> None:
    """After a quiet minute a burst passes again, and no more than a burst."""
    clock = Clock()
    throttle = LogThrottle("refused", clock)
    for _ in range(100):
        throttle.filter(record_of("refused"))
    clock.now = 60.0
    assert sum(throttle.filter(record_of("refused")) for _ in range(100)) == 20


def test_throttle_leaves_other_messages_alone() -> None:
    """Only the message it was made for is counted."""
    throttle = LogThrottle("refused", Clock())
    assert all(throttle.filter(record_of("conversation ended")) for _ in range(100))
