"""`speechctl transcripts export`: conversations for other programs, and for people who read."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from cli.errors import CommandError, UsageError
from cli.transcripts.days import add_day_arguments, read_days
from cli.transcripts.formats import FORMATS
from cli.transcripts.output import count, tell
from cli.transcripts.place import add_place_arguments, opened_place
from functions.transcripts.failures import InvalidRequest, UnknownConversation
from local.dev.visible import make_visible

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator
    from typing import TextIO

    from cli.transcripts.formats import Format
    from functions.transcripts.reader import DayRange, TranscriptReader

SUMMARY = "export conversations as JSON Lines, CSV or Markdown"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `export`."""
    parser.add_argument("id", nargs="*", help="conversations by id, instead of days")
    add_place_arguments(parser)
    add_day_arguments(parser)
    parser.add_argument("--format", choices=tuple(FORMATS), default="jsonl")
    parser.add_argument("--output", metavar="FILE", help="standard output unless set")


def run(arguments: argparse.Namespace) -> int:
    """Export; returns 1 when a named conversation wasn't there. Raises CommandError."""
    days = read_days(arguments, time.time(), None)
    if bool(arguments.id) == bool(days):
        raise UsageError("what? name conversations by id, or days by --day or --days")
    with opened_place(arguments) as place, _opened_output(arguments.output) as output:
        ids = arguments.id or _list_ids(place.reader, days)
        return _write(FORMATS[arguments.format](output), place.reader, ids, is_listed=bool(days))


def _list_ids(reader: TranscriptReader, days: DayRange | None) -> Iterator[str]:
    assert days is not None
    return (head.conversation_id for head in reader.list_all(days))


def _write(form: Format, reader: TranscriptReader, ids: Iterable[str], *, is_listed: bool) -> int:
    conversations = messages = missing = 0
    for conversation_id in ids:
        try:
            conversation = reader.read(conversation_id)
        except (UnknownConversation, InvalidRequest) as error:
            # One that was listed has been deleted, or has expired, just now.
            if not is_listed:
                tell(make_visible(str(error)))
                missing += 1
            continue
        conversations, messages = conversations + 1, messages + form.write(conversation)
    tell(f"{count(conversations, 'conversation')}, {count(messages, 'message')}")
    return 1 if missing else 0


@contextlib.contextmanager
def _opened_output(name: str | None) -> Iterator[TextIO]:
    """Standard output, or a file that appears when it is whole, readable by its owner alone."""
    if name is None:
        yield sys.stdout
        return
    path = Path(name).resolve()
    if path.exists() and not path.is_file():
        raise CommandError(f"can't write {name}: no regular file; choose another --output")
    try:
        number, draft = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise CommandError(
            f"can't write {name}: {error.strerror}; choose another --output"
        ) from None
    try:
        with os.fdopen(number, "w", encoding="utf-8", newline="") as output:
            yield output
        Path(draft).replace(path)
    except OSError as error:
        raise CommandError(f"can't write {name}: {error.strerror}") from None
    finally:
        Path(draft).unlink(missing_ok=True)
