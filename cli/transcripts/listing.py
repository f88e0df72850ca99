"""`speechctl transcripts list`: which conversations there were, newest first."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from cli.table_fit import measure_line
from cli.transcripts.days import add_day_arguments, read_days, read_number
from cli.transcripts.output import add_json_argument, show, tell, write_json
from cli.transcripts.overview import make_table
from cli.transcripts.place import add_place_arguments, opened_place

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from functions.transcripts.reader import DayRange, Head, TranscriptReader

SUMMARY = "list conversations, newest first"
_DAYS, _LIMIT = 7, 50
_MOST_LIMIT = 100_000
_MOST_A_PAGE = 200


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `list`."""
    add_place_arguments(parser)
    add_day_arguments(parser)
    parser.add_argument(
        "--limit", metavar="N", default=str(_LIMIT), help=f"at most so many, {_LIMIT} unless set"
    )
    add_json_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    """List; returns the exit code. Raises CommandError."""
    limit = read_number("--limit", arguments.limit, _MOST_LIMIT)
    days = read_days(arguments, time.time(), _DAYS)
    assert days is not None
    with opened_place(arguments) as place:
        heads = list(_take(place.reader, days, limit + 1))
    has_more, heads = len(heads) > limit, heads[:limit]
    if arguments.json:
        write_json({"conversations": [head.as_json() for head in heads], "has_more": has_more})
        return 0
    if heads:
        show(make_table(heads, measure_line(sys.stdout)))
    else:
        tell(f"no conversations {_tell_days(days)} (UTC)")
    if has_more:
        tell(f"these are the newest {limit}; --limit shows more")
    return 0


def _take(reader: TranscriptReader, days: DayRange, count: int) -> Iterator[Head]:
    cursor: str | None = None
    while count:
        page = reader.list_page(days, limit=min(count, _MOST_A_PAGE), cursor=cursor)
        yield from page.heads
        count, cursor = count - len(page.heads), page.cursor
        if cursor is None:
            return


def _tell_days(days: DayRange) -> str:
    return f"on {days.last}" if days.first == days.last else f"from {days.first} to {days.last}"
