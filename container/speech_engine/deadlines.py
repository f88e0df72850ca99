"""How long the platform may be silent: until `init`, and between messages. Knows no clock."""

from __future__ import annotations

from .limits import Limits
from .wire import GOING_AWAY, POLICY_VIOLATION


class Deadlines:
    """One conversation's. All times are seconds of one clock that never goes back."""

    __slots__ = ("_has_init", "_last_heard_at", "_limits")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._has_init = False
        self._last_heard_at = 0.0

    def start(self, now: float) -> None:
        """The socket is open."""
        self._last_heard_at = now

    def hear(self, now: float, *, is_init: bool = False) -> None:
        """A message has come; before `init`, none but that counts."""
        self._has_init = self._has_init or is_init
        if self._has_init:
            self._last_heard_at = now

    def find_missed(self, now: float) -> tuple[int, str] | None:
        """The close code and reason for a conversation that has been silent for too long."""
        silent_seconds, limits = now - self._last_heard_at, self._limits
        if not self._has_init and silent_seconds > limits.init_seconds:
            return POLICY_VIOLATION, f"no init frame within {limits.init_seconds:g} s"
        if silent_seconds > limits.idle_seconds:
            return GOING_AWAY, f"nothing received for {limits.idle_seconds:g} s"
        return None
