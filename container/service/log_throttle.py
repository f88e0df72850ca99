"""Keeps a flood of refused connections from filling the log: a few lines, then a count."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_BURST_LINES = 20
_LINES_A_SECOND = 1.0


class LogThrottle(logging.Filter):
    """Lets one message through `_BURST_LINES` times at once, then `_LINES_A_SECOND` times a second.

    The next line that passes carries how many were held back before it, in `suppressed`.
    """

    def __init__(self, message: str, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._message = message
        self._clock = clock
        self._allowance = float(_BURST_LINES)
        self._refilled_at = clock()
        self._suppressed = 0

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record may pass."""
        if record.msg != self._message:
            return True
        now = self._clock()
        refill = (now - self._refilled_at) * _LINES_A_SECOND
        self._allowance = min(float(_BURST_LINES), self._allowance + refill)
        self._refilled_at = now
        if self._allowance < 1:
            self._suppressed += 1
            return False
        self._allowance -= 1
        if self._suppressed:
            record.suppressed = self._suppressed
            self._suppressed = 0
        return True
