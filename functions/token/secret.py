"""A secret's current value, kept for a limited time. Does not know what the value opens."""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING

from functions.token.secrets_manager import SecretEmpty, SecretUnavailable

if TYPE_CHECKING:
    from functions.token.patience import Deadline
    from functions.token.secrets_manager import SecretsManager

_PLACEHOLDERS = ("changeme", "change-me", "your", "<", "xxx", "todo", "placeholder")


class CachedSecret:
    """The current value of one secret, read when it is first needed and again when it is old."""

    def __init__(self, manager: SecretsManager, arn: str, keep_seconds: float) -> None:
        self._manager = manager
        self._arn = arn
        self._keep_seconds = keep_seconds
        self._value: str | None = None
        self._read_at = 0.0
        self._lock = threading.Lock()

    def get(self, deadline: Deadline) -> str:
        """Return the value, at most as old as allowed. Raises what reading it raises."""
        with self._lock:
            if self._value is None or time.monotonic() - self._read_at >= self._keep_seconds:
                return self._read(deadline)
            return self._value

    def replace(self, refused: str, deadline: Deadline) -> str:
        """Return the value that has taken the place of a refused one; the same if none has."""
        with self._lock:
            if self._value is None or self._value == refused:
                return self._read(deadline)
            return self._value

    def _read(self, deadline: Deadline) -> str:
        self._value = None
        value = read_current(self._manager.read(self._arn, deadline), self._arn)
        self._value, self._read_at = value, time.monotonic()
        return value


def read_current(text: str, arn: str) -> str:
    """Return the current value of a bare secret or of `{"current", "previous", "previous_until"}`.

    Raises SecretEmpty for nothing or a placeholder, SecretUnavailable for what can't be a key. No
    message contains a part of the value.
    """
    value = _pick_current(text.strip(), arn)
    if not value or value.lower().startswith(_PLACEHOLDERS):
        raise SecretEmpty(f"the secret {arn} has no value")
    if not (value.isascii() and value.isprintable()) or " " in value:
        raise SecretUnavailable(f"the secret {arn} is not one printable ASCII word")
    return value


def _pick_current(text: str, arn: str) -> str:
    if not text.startswith("{"):
        return text
    try:
        current = json.loads(text).get("current")
    except ValueError:
        # `from None`: the decoder's exception carries the whole document.
        raise SecretUnavailable(f"the secret {arn} begins with {{ but is not JSON") from None
    return current.strip() if isinstance(current, str) else ""
