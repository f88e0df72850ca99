"""How long a conversation may be silent, and how long it may last. Knows no clock."""

from __future__ import annotations

from .limits import Limits
from .wire import GOING_AWAY, NORMAL_CLOSURE, POLICY_VIOLATION


class Deadlines:
    """One conversation's. All times are seconds of one clock that never goes back."""

    __slots__ = ("_has_init", "_last_heard_at", "_limits", "_started_at")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._has_init = False
        self._last_heard_at = self._started_at = 0.0

    def start(self, now: float) -> None:
        """The socket is open."""
        self._last_heard_at = self._started_at = now

    def hear(self, now: float, *, is_init: bool = False) -> None:
        """A message has come; before `init`, none but that counts."""
        self._has_init = self._has_init or is_init
        if self._has_init:
            self._last_heard_at = now

    def find_missed(self, now: float) -> tuple[int, str] | None:
        """The close code and reason for a conversation that was silent or went on for too long."""
        silent_seconds, limits = now - self._last_heard_at, self._limits
        if not self._has_init and silent_seconds > limits.init_seconds:
            return POLICY_VIOLATION, f"no init frame within {limits.init_seconds:g} s"
        if silent_seconds > limits.idle_seconds:
            return GOING_AWAY, f"nothing received for {limits.idle_seconds:g} s"
        if now - self._started_at > limits.conversation_seconds:
            return NORMAL_CLOSURE, f"the conversation lasted {limits.conversation_seconds:g} s"
        return None
