"""When a model is left alone: after failures in a row, or for as long as its provider asks.

It knows times and outcomes only. Times are seconds of one clock that never goes back.
https://learn.microsoft.com/en-us/azure/architecture/patterns/circuit-breaker
"""

from __future__ import annotations

import math

_FAILURES_IN_A_ROW = 5
_FIRST_REST_SECONDS = 5.0
LONGEST_REST_SECONDS = 60.0
_TRIAL_SECONDS = 5.0


class Breaker:
    """One model's. It rests longer each time, and one turn tries it when a rest is over."""

    __slots__ = ("_failures", "_is_on_trial", "_next_rest_seconds", "_rested_at", "_resting_until")

    def __init__(self) -> None:
        self._failures = 0
        self._is_on_trial = False
        self._next_rest_seconds = _FIRST_REST_SECONDS
        self._rested_at = -math.inf
        self._resting_until: float | None = None

    def is_resting(self, now: float) -> bool:
        """Whether the model should be left alone."""
        return self._resting_until is not None and now < self._resting_until

    def begin(self, now: float) -> None:
        """A turn asks the model; after a rest it is the trial, and others wait for its outcome."""
        if self._resting_until is not None and now >= self._resting_until:
            # A trial that is interrupted has no outcome: its time runs out by itself.
            self._resting_until = now + _TRIAL_SECONDS
            self._is_on_trial = True

    def succeed(self, asked_at: float) -> None:
        """The model has answered; one that was asked before its rest began rests on."""
        if asked_at < self._rested_at:
            return
        self._failures = 0
        self._next_rest_seconds = _FIRST_REST_SECONDS
        self._resting_until = None

    def fail(
        self, now: float, asked_at: float, retry_after_seconds: float | None = None
    ) -> float | None:
        """The model has failed; returns for how many seconds it rests now, if that begins."""
        self._failures += 1
        asked_seconds = min(retry_after_seconds or 0.0, LONGEST_REST_SECONDS)
        is_trial = self._is_on_trial and asked_at >= self._rested_at
        if self._resting_until is not None and not is_trial:
            # One of many turns that had asked before the rest began: it tells nothing new.
            self._resting_until = max(self._resting_until, now + asked_seconds)
            return None
        if self._failures >= _FAILURES_IN_A_ROW or is_trial:
            asked_seconds = max(asked_seconds, self._next_rest_seconds)
            self._next_rest_seconds = min(2 * self._next_rest_seconds, LONGEST_REST_SECONDS)
        return self.rest(now, asked_seconds) if asked_seconds else None

    def rest(self, now: float, seconds: float) -> float:
        """Leave the model alone from now on; returns the seconds."""
        self._is_on_trial = False
        self._rested_at, self._resting_until = now, now + seconds
        return seconds
