"""The days that a command is about. Days are UTC's, as the index has them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from cli.errors import UsageError
from functions.transcripts.cursor import DayRange, parse_day
from functions.transcripts.failures import InvalidRequest

if TYPE_CHECKING:
    import argparse

_MOST_DAYS = 3653


def add_day_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare `--day` and `--days`."""
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--day", metavar="DAY", help="YYYY-MM-DD, today or yesterday, in UTC")
    choice.add_argument("--days", metavar="N", help="the last N days, today included")


def read_days(arguments: argparse.Namespace, now: float, default: int | None) -> DayRange | None:
    """The days that were asked for, else the last `default` days. Raises UsageError."""
    today = datetime.fromtimestamp(now, UTC).date()
    if arguments.day is not None:
        day = _parse_day(arguments.day, today)
        return DayRange(day, day)
    count = default if arguments.days is None else read_number("--days", arguments.days, _MOST_DAYS)
    return None if count is None else DayRange(today - timedelta(days=count - 1), today)


def read_number(option: str, text: str, most: int) -> int:
    """A whole number from 1 to `most`. Raises UsageError."""
    # int() takes more than digits, and any number of them.
    if (
        text.isascii()
        and text.isdecimal()
        and len(text) <= len(str(most))
        and 0 < int(text) <= most
    ):
        return int(text)
    raise UsageError(f"{option} takes a whole number from 1 to {most}")


def _parse_day(text: str, today: date) -> date:
    named = {"today": today, "yesterday": today - timedelta(days=1)}
    if text in named:
        return named[text]
    try:
        return parse_day(text)
    except InvalidRequest:
        raise UsageError("--day takes YYYY-MM-DD, today or yesterday (UTC)") from None
