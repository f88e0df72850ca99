"""`speechctl transcripts restore`: what the server had to print goes back into the table."""

from __future__ import annotations

import io
import itertools
import sys
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Literal, TypeAlias

from cli.errors import CommandError, UsageError
from cli.transcripts.changes import put_unless_newer
from cli.transcripts.fragments import Joiner, Malformed
from cli.transcripts.log_lines import EVENT, Found, Unreadable, find_lines, read_lines
from cli.transcripts.output import add_json_argument, count, tell, write_json
from cli.transcripts.place import add_place_arguments, opened_place
from cli.transcripts.platform_restore import fill_conversations
from local.dev.visible import make_visible

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator

    from cli.transcripts.fragments import Item
    from cli.transcripts.place import Place

SUMMARY = "write back what the server printed because it could not store it"
_STANDARD_INPUT = "-"
_REFUSED = ("SerializationException", "ValidationException")
# From a desk a table answers in some 50 ms: one after the other, a long outage would take hours.
_WRITERS, _BATCH = 16, 512

_Outcome: TypeAlias = Literal["written", "kept", "expired", "refused"]


@dataclass
class Report:
    """What became of a log's restore lines."""

    written: int = 0
    kept: int = 0
    expired: int = 0
    conversations: set[str] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether there was no restore line, good or bad."""
        return not (self.written or self.kept or self.expired or self.problems)

    def add(self, item: Item, outcome: _Outcome) -> None:
        """Note what became of an item."""
        if outcome == "refused":
            self.add_problem(f"{item['conversation']}/{item['item']}: the table refused it")
            return
        self.written += outcome == "written"
        self.kept += outcome == "kept"
        self.expired += outcome == "expired"
        if outcome != "expired":
            self.conversations.add(str(item["conversation"]))

    def add_problem(self, text: str) -> None:
        """Note what could not be restored, and say so at once."""
        self.problems.append(make_visible(text))
        tell(self.problems[-1])


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `restore`."""
    parser.add_argument(
        "file",
        nargs="*",
        help="logs, as they are or as CloudWatch exports them, gzip too; - or none: standard input",
    )
    parser.add_argument(
        "--from-platform",
        nargs="+",
        metavar="ID",
        default=[],
        help="fill what is missing of these conversations from ElevenLabs' own record instead",
    )
    add_place_arguments(parser)
    add_json_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    """Restore; returns 1 when something could not be restored. Raises CommandError."""
    if arguments.file and arguments.from_platform:
        raise UsageError("a log or --from-platform, not both; restore the log first")
    with opened_place(arguments) as place:
        if arguments.from_platform:
            return fill_conversations(place, arguments.from_platform, as_json=arguments.json)
        report = Report()
        _put_all(place, _read_items(arguments.file or [_STANDARD_INPUT], report), report)
    if report.is_empty:
        raise CommandError(f'no line "{EVENT}" of the server\'s was found; nothing to restore')
    _conclude(report, as_json=arguments.json)
    return 1 if report.problems else 0


def _read_items(names: Iterable[str], report: Report) -> Iterator[Item]:
    """The items of all logs; one item's parts may be spread over several."""
    joiner = Joiner()
    for name in names:
        for found in _read_log(name, report):
            prefix = f"{name}, line {found.line}"
            if isinstance(found, Unreadable):
                report.add_problem(f"{prefix}: {found.reason}")
                continue
            try:
                item = joiner.add(found.fields)
            except Malformed as error:
                report.add_problem(f"{prefix}: {error}")
                continue
            if item is not None:
                yield item
    for problem in joiner.list_unfinished():
        report.add_problem(problem)


def _read_log(name: str, report: Report) -> Iterator[Found | Unreadable]:
    try:
        is_input = name == _STANDARD_INPUT
        if is_input and sys.stdin.isatty():
            tell("reading the log from standard input; Ctrl-D ends it")
        stream = sys.stdin.buffer if is_input else io.BufferedReader(io.FileIO(name))
        assert isinstance(stream, io.BufferedReader)
        yield from find_lines(read_lines(stream))
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or "it is no whole gzip file"
        report.add_problem(f"can't read {name}: {reason}")


def _put_all(place: Place, items: Iterator[Item], report: Report) -> None:
    """Put many at a time; those of one conversation one after the other."""
    with ThreadPoolExecutor(_WRITERS) as writers:
        while batch := list(itertools.islice(items, _BATCH)):
            conversations: dict[str, list[Item]] = {}
            for item in batch:
                conversations.setdefault(str(item["conversation"]), []).append(item)
            puts = partial(_put_conversation, place)
            for outcomes in writers.map(puts, conversations.values()):
                for item, outcome in outcomes:
                    report.add(item, outcome)


def _put_conversation(place: Place, items: Iterable[Item]) -> list[tuple[Item, _Outcome]]:
    return [(item, _put(place, item)) for item in items]


def _put(place: Place, item: Item) -> _Outcome:
    from botocore.exceptions import ClientError

    if int(item["expires_at"]) <= time.time():
        return "expired"
    try:
        is_written = put_unless_newer(place.client, place.table, item)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") not in _REFUSED:
            raise
        return "refused"
    return "written" if is_written else "kept"


def _conclude(report: Report, *, as_json: bool) -> None:
    counts = {"written": report.written, "kept": report.kept, "expired": report.expired}
    if as_json:
        conversations = sorted(report.conversations)
        write_json({**counts, "conversations": conversations, "problems": report.problems})
        return
    print(
        f"{count(report.written, 'item')} written, of"
        f" {count(len(report.conversations), 'conversation')};"
        f" {report.kept} there already, {report.expired} expired"
    )
    if report.problems:
        print(f"{len(report.problems)} could not be restored")
