"""Where a list of conversations goes on, and how a caller carries that from one page to the next.

A place is a moment, and not a key of the index: one place holds for all shards of a day.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from functions.transcripts.failures import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from functions.transcripts.records import Head

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MOMENT = re.compile(r"[0-9TZ:.+-]{1,40}")
_LONGEST_CURSOR = 8192
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DayRange:
    """The days in UTC from `first` to `last`, both included."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.first > self.last:
            raise InvalidRequest(f"{self.first} comes after {self.last}; give the days in order")


@dataclass(frozen=True, slots=True)
class Place:
    """In the list of a day's conversations, newest first: after what began at `before`.

    `shown` are the conversations of just that moment which the caller has already.
    """

    day: date
    before: str | None = None
    shown: tuple[str, ...] = ()

    def move(self, heads: Sequence[Head]) -> Place:
        """Return the place behind `heads`, which are what follows this place."""
        before = heads[-1].started_at
        shown = [head.conversation_id for head in heads if head.started_at == before]
        earlier = self.shown if self.before == before else ()
        return Place(self.day, before, (*earlier, *shown))

    def leave_day(self, days: DayRange) -> Place | None:
        """Return the beginning of the day before, None if that isn't one of `days`."""
        return Place(self.day - _ONE_DAY) if self.day > days.first else None

    def encode(self) -> str:
        """Return a text without meaning to the caller."""
        text = json.dumps([self.day.isoformat(), self.before, self.shown], separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def parse_day(text: str) -> date:
    """Return the day that `YYYY-MM-DD` names. Raises InvalidRequest."""
    if _DAY.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass
    raise InvalidRequest("a day has the form YYYY-MM-DD")


def decode_cursor(text: str, days: DayRange) -> Place:
    """Return the place that a cursor names. Raises InvalidRequest unless it is one of `days`."""
    try:
        if len(text) > _LONGEST_CURSOR:
            raise ValueError
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        day, before, shown = json.loads(base64.b64decode(padded, b"-_", validate=True))
        place = Place(parse_day(day), before, tuple(shown))
        if not (days.first <= place.day <= days.last and _is_sound(place)):
            raise ValueError
    except (ValueError, TypeError, RecursionError, InvalidRequest):
        raise InvalidRequest("the cursor is not one of this list's") from None
    return place


def _is_sound(place: Place) -> bool:
    """Whether a caller's place has a form that the table takes."""
    texts: tuple[Any, ...] = ("-" if place.before is None else place.before, *place.shown)
    return all(isinstance(each, str) for each in texts) and bool(_MOMENT.fullmatch(texts[0]))
