"""`speechctl transcripts list`: which conversations there were, newest first."""

from __future__ import annotations

import time
from datetime import datetime
from typing import TYPE_CHECKING

from cli.transcripts.days import add_day_arguments, read_days, read_number
from cli.transcripts.output import add_json_argument, show, tell, write_json
from cli.transcripts.place import add_place_arguments, opened_place
from local.dev.visible import make_visible

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from rich.table import Table

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
        show(_make_table(heads))
    else:
        tell(f"no conversations from {days.first} to {days.last} (UTC)")
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


def _make_table(heads: Sequence[Head]) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for title, style in (("started (UTC)", "cyan"), ("conversation", "bold")):
        table.add_column(title, no_wrap=True, overflow="fold", style=style)
    for title in ("turns", "messages", "lasted"):
        table.add_column(title, justify="right")
    for title in ("ending", "agent", "user"):
        table.add_column(title, overflow="fold")
    for head in heads:
        ending = Text(make_visible(_tell_ending(head)), style="" if head.ended_at else "green")
        texts = [_tell_time(head.started_at), head.conversation_id]
        texts += [_tell_count(head.turns), _tell_count(head.messages), _tell_length(head)]
        rest = [head.agent or "", head.user or ""]
        table.add_row(
            *(Text(make_visible(text)) for text in texts),
            ending,
            *(Text(make_visible(text)) for text in rest),
        )
    return table


def _tell_time(iso: str) -> str:
    return iso[:19].replace("T", " ")


def _tell_count(count: int | None) -> str:
    return "" if count is None else str(count)


def _tell_ending(head: Head) -> str:
    return (head.ending or "ended") if head.ended_at else "open"


def _tell_length(head: Head) -> str:
    try:
        began = datetime.fromisoformat(head.started_at)
        seconds = (datetime.fromisoformat(head.ended_at or "") - began).total_seconds()
    except (ValueError, TypeError):
        return ""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
