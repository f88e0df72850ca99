"""A secret that can be rotated without dropping anybody, and whose old value really ends.

It does not know where the value comes from, nor what it opens.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime

_KEYS = {"current", "previous", "previous_until"}
_LATEST_EPOCH_SECONDS = 1e11  # the year 5138; anything above was written in milliseconds
_PLACEHOLDERS = ("changeme", "change-me", "your", "<", "xxx", "todo", "placeholder")


@dataclass(frozen=True, slots=True)
class RotatingSecret:
    """The current value, and a previous one that is good until `previous_until` (epoch seconds)."""

    current: str = field(repr=False)
    previous: str | None = field(default=None, repr=False)
    previous_until: float = 0.0

    def valid_at(self, now_epoch_seconds: float) -> tuple[str, ...]:
        """Every value that opens at that moment, the current one first."""
        if self.previous is not None and now_epoch_seconds < self.previous_until:
            return (self.current, self.previous)
        return (self.current,)


def parse_secret(text: str) -> RotatingSecret:
    """Read a bare value, or the JSON object `{"current", "previous", "previous_until"}`.

    Raises ValueError with a reason that never contains any part of the value.
    """
    if not text.startswith("{"):
        return RotatingSecret(_checked(text, "is"))
    content = _parse_object(text)
    current = _checked(content.get("current"), "has a 'current' that is")
    previous = content.get("previous") or None
    if previous is None:
        return RotatingSecret(current)
    until = _parse_moment(content.get("previous_until"))
    return RotatingSecret(current, _checked(previous, "has a 'previous' that is"), until)


def _parse_object(text: str) -> dict[str, object]:
    try:
        content = json.loads(text)
    except ValueError:
        # `from None`: the decoder's exception carries the whole document.
        raise ValueError(
            "begins with { but is not JSON; give the bare value or a JSON object with 'current'"
        ) from None
    if unknown := set(content) - _KEYS:
        # Names in this object are not echoed: a mistake there may hold the secret itself.
        raise ValueError(
            f"has {len(unknown)} unknown JSON name(s); use current, previous, previous_until"
        )
    return dict(content)


def _checked(value: object, where: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{where} empty or not text; give the secret's value")
    value = value.strip()
    if not (value.isascii() and value.isprintable()) or " " in value:
        raise ValueError(f"{where} not one printable ASCII word; copy the value again")
    if value.lower().startswith(_PLACEHOLDERS):
        raise ValueError(f"{where} a placeholder; give the secret's own value")
    return value


def _parse_moment(value: object) -> float:
    remedy = "give an ISO time with its zone, such as 2030-01-31T12:00:00Z, or epoch seconds"
    if value is None or isinstance(value, bool):
        raise ValueError(f"has a 'previous' without 'previous_until'; {remedy}")
    try:
        moment = float(str(value))
    except ValueError:
        moment = _parse_iso(str(value), remedy)
    if not 0 <= moment < _LATEST_EPOCH_SECONDS:
        raise ValueError(f"has a 'previous_until' out of range; {remedy}")
    return moment


def _parse_iso(text: str, remedy: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"has a 'previous_until' that is no time; {remedy}") from None
    if moment.tzinfo is None:
        raise ValueError(f"has a 'previous_until' without a zone; {remedy}")
    return moment.timestamp()
