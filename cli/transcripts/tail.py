"""`speechctl transcripts tail`: conversations and messages as they come to the table."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from cli.errors import UsageError
from cli.transcripts.output import add_json_argument, show_lines, tell, write_json_line
from cli.transcripts.place import add_place_arguments, opened_place
from cli.transcripts.spoken import tell_message
from cli.transcripts.watch import Watch
from functions.transcripts.failures import TableBusy, TableUnavailable
from local.dev.visible import make_visible

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from rich.text import Text

    from cli.transcripts.watch import News

SUMMARY = "show conversations and messages as they come; Ctrl-C ends it"
_INTERVAL_SECONDS = 2.0
_LEAST_SECONDS, _MOST_SECONDS = 0.1, 3600.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `tail`."""
    parser.add_argument("id", nargs="*", help="only these, from their beginning to their end")
    add_place_arguments(parser)
    parser.add_argument(
        "--interval",
        metavar="SECONDS",
        default=str(_INTERVAL_SECONDS),
        help=f"between two looks at the table, {_INTERVAL_SECONDS:g} unless set",
    )
    add_json_argument(parser, "JSON Lines, one for each thing that happens")


def run(arguments: argparse.Namespace) -> int:
    """Follow until Ctrl-C, or the end of the named conversations. Raises CommandError."""
    interval = _read_interval(arguments.interval)
    with opened_place(arguments) as place:
        for conversation_id in arguments.id:
            place.reader.read(conversation_id)
        watch = Watch(place.reader, time.time, arguments.id)
        write = _write_json if arguments.json else _Teller().show
        while True:
            _look(watch, write)
            if watch.is_over:
                return 0
            time.sleep(interval)


def _look(watch: Watch, write: Callable[[News], None]) -> None:
    try:
        for news in watch.look():
            write(news)
    except (TableBusy, TableUnavailable) as error:
        tell(f"{error}; trying again")


def _write_json(news: News) -> None:
    write_json_line(news.as_json())


class _Teller:
    """Shows messages below the conversation's name, which is said again when it changes."""

    def __init__(self) -> None:
        self._named: str | None = None

    def show(self, news: News) -> None:
        """Show one thing that has happened."""
        for lines in self._describe(news):
            show_lines(lines)
        self._named = news.conversation_id

    def _describe(self, news: News) -> Iterator[Text]:
        from rich.text import Text

        name = make_visible(news.conversation_id)
        if news.message is None:
            reason = news.head.ending if news.head else None
            ending = f" ({make_visible(reason)})" if reason else ""
            yield Text(f"{name} {news.kind}{ending}", style="bold")
            return
        if news.kind == "heard":
            yield Text(f"{name} was heard otherwise", style="dim")
        elif news.conversation_id != self._named:
            yield Text(name, style="dim")
        yield tell_message(news.message)


def _read_interval(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not _LEAST_SECONDS <= seconds <= _MOST_SECONDS:
        raise UsageError(f"--interval takes {_LEAST_SECONDS:g} to {_MOST_SECONDS:g}, in seconds")
    return seconds
