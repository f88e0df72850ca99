from __future__ import annotations

import base64
import json
from datetime import date
from typing import Any

import pytest

from functions.transcripts.cursor import DayRange, Place, decode_cursor, parse_day
from functions.transcripts.failures import InvalidRequest

DAYS = DayRange(date(2026, 11, 19), date(2026, 11, 21))


def encode(content: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode()


def test_cursor_comes_back_as_it_was() -> None:
    """A place survives the way to the caller and back, in characters that a URL takes."""
    place = Place(date(2026, 11, 20), "2026-11-20T09:00:00.000Z", ("conv_ä", "conv_2"))
    text = place.encode()
    assert text.replace("-", "").replace("_", "").isalnum()
    assert decode_cursor(text, DAYS) == place


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        "ä",
        "A" * 10_000,
        encode([]),
        encode(["2026-11-20", 5, []]),
        encode(["2026-11-20", "", []]),
        encode(["2026-11-20", None, [1]]),
        encode(["2026-11-20", None, None]),
        encode(["2026-11-22", None, []]),
        encode(["2026-11-18", None, []]),
        encode([20, None, []]),
        base64.urlsafe_b64encode(b"[" * 6000).decode(),
    ],
)
def test_foreign_cursor_is_refused(text: str) -> None:
    """What is no cursor of this list is refused in one line."""
    with pytest.raises(InvalidRequest, match="cursor"):
        decode_cursor(text, DAYS)


@pytest.mark.parametrize("text", ["", "today", "20261121", "2026-W47-6", "2026-02-30", "2026-11-1"])
def test_day_has_one_form(text: str) -> None:
    """A day is YYYY-MM-DD and exists."""
    with pytest.raises(InvalidRequest, match="YYYY-MM-DD"):
        parse_day(text)


def test_days_are_in_order() -> None:
    """A range that ends before it begins is refused."""
    with pytest.raises(InvalidRequest, match="in order"):
        DayRange(date(2026, 11, 21), date(2026, 11, 20))
