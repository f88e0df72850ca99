"""Finds restore lines in whatever a log was exported as: plain, CloudWatch's JSON and CSV, gzip.

Around the server's own line there may be a time, a stream's or a container's name, and wrappers of
JSON, which `aws logs tail --format json` and `filter-log-events` spread over several lines. Only
places where a log's message stands are looked into, never a message's own fields.
"""

from __future__ import annotations

import gzip
import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

EVENT = "transcript not written"

_GZIP = b"\x1f\x8b"
# As Windows PowerShell writes what a command prints.
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
# Where CloudWatch Logs, its Insights, subscriptions, and Docker's json-file driver put messages.
_WRAPPERS = ("message", "@message", "log", "events", "logEvents", "results", "value")
_DEEPEST = 6
# Braces before the object itself; each failure costs a look at the rest of the line.
_MOST_FAILURES = 8
_BROKEN = "no whole JSON object as the server prints it"
_ELSEWHERE = "no log line of the server in any form that is known here"
_decoder = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class Found:
    """A restore line: its fields, and the number of its line in the input."""

    line: int
    fields: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A line that speaks of a restore line and isn't one."""

    line: int
    reason: str


def read_lines(stream: io.BufferedReader) -> Iterator[str]:
    """The lines of a log, which may be compressed by gzip; the stream is closed at the end.

    Raises OSError, and EOFError or zlib.error for what is no whole gzip file.
    """
    with stream:
        mark = stream.peek(len(_GZIP))[: len(_GZIP)]
        plain = gzip.GzipFile(fileobj=stream) if mark == _GZIP else stream
        encoding = "utf-16" if mark in _UTF_16 else "utf-8"
        with io.TextIOWrapper(plain, encoding, "replace") as text:
            yield from text


def find_lines(lines: Iterable[str]) -> Iterator[Found | Unreadable]:
    """Yield restore lines in their order, and what may have been some."""
    for number, text in _join_blocks(lines):
        if EVENT in text:
            yield from _read(number, text)


def _join_blocks(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Lines with their numbers; what was printed over several is one, with the first's number."""
    block: list[str] = []
    began = 0
    for number, line in enumerate(lines, 1):
        stripped = line.rstrip()
        if block and line[:1] in " \t":
            block.append(line)
            continue
        if block:
            is_end = stripped in ("}", "]")
            yield began, "".join([*block, line] if is_end else block)
            block = []
            if is_end:
                continue
        if stripped.endswith(("{", "[")):
            block, began = [line], number
        else:
            yield number, line
    if block:
        yield began, "".join(block)


def _read(number: int, text: str) -> Iterator[Found | Unreadable]:
    fields = list(_search(text, _DEEPEST))
    if not any(fields) and '""' in text:
        # In CSV every quotation mark of a value is there twice.
        fields = list(_search(text.replace('""', '"'), _DEEPEST))
    found = [Found(number, each) if each else Unreadable(number, _BROKEN) for each in fields]
    yield from found or [Unreadable(number, _ELSEWHERE)]


def _search(text: str, depth: int) -> Iterator[dict[str, Any] | None]:
    """The fields of the restore lines in a text; None for one that can't be read."""
    for gap, value in _split(text):
        if EVENT in gap:
            yield None
        yield from _search_value(value, depth)


def _search_value(value: object, depth: int) -> Iterator[dict[str, Any] | None]:
    if isinstance(value, str) and EVENT in value:
        yield from _search(value, depth)
    elif isinstance(value, dict) and value.get("event") == EVENT:
        yield value
    elif depth:
        for inner in _unwrap(value):
            yield from _search_value(inner, depth - 1)


def _unwrap(value: object) -> Iterable[object]:
    """What may hold a log's message inside a value. A line of the server's own is no wrapper."""
    if isinstance(value, dict) and "event" not in value:
        return [value[name] for name in _WRAPPERS if name in value]
    return value if isinstance(value, list) else ()


def _split(text: str) -> Iterator[tuple[str, object]]:
    """The JSON objects of a text, each with what stands before it; the rest with None."""
    behind = failures = 0
    position = text.find("{")
    while position >= 0 and failures < _MOST_FAILURES:
        try:
            value, end = _decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            failures += 1
            end = position + 1
        else:
            yield text[behind:position], value
            behind = end
        position = text.find("{", end)
    yield text[behind:], None
