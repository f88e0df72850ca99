"""Restore lines as the server's own code prints them, and the forms that logs come in."""

from __future__ import annotations

import csv
import gzip
import io
import json
import logging
from typing import TYPE_CHECKING, Any

from service.logs import JsonFormatter
from service.transcripts.restore_lines import logger, print_item

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

STREAM = "server/server/0123456789abcdef"
TIME = "2026-11-21T10:00:00.000Z"
OTHER = json.dumps({"time": TIME, "level": "info", "event": "turn", "logger": "service"})


def print_lines(items: Iterable[dict[str, Any]]) -> list[str]:
    """The lines that a server leaves behind, without line feeds."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    logger.addHandler(handler)
    propagated, logger.propagate = logger.propagate, False
    try:
        for item in items:
            print_item(item, "no time left")
    finally:
        logger.propagate = propagated
        logger.removeHandler(handler)
    return stream.getvalue().splitlines()


def _join(lines: Iterable[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def _prefixed(prefix: str) -> Callable[[Sequence[str]], bytes]:
    return lambda lines: _join(f"{prefix}{line}" for line in lines)


def _pretty_tail(lines: Sequence[str]) -> bytes:
    return _join(f"{TIME} {STREAM} {_make_pretty(line)}" for line in lines)


def _make_pretty(line: str) -> str:
    """What is no JSON stays as it is: https://github.com/aws/aws-cli, `logs tail`."""
    parsed = _parse(line)
    return parsed if isinstance(parsed, str) else json.dumps(parsed, indent=4)


def _filtered(lines: Sequence[str], indent: int | None = 4) -> bytes:
    events = [{"logStreamName": STREAM, "timestamp": 1, "message": line} for line in lines]
    return _join([json.dumps({"events": events, "searchedLogStreams": []}, indent=indent)])


def _subscribed(lines: Sequence[str]) -> bytes:
    """What Firehose puts into a file: gzip, one document directly behind the other."""
    documents = (
        {"messageType": "DATA_MESSAGE", "logEvents": [{"id": "1", "message": line}]}
        for line in lines
    )
    return b"".join(gzip.compress(json.dumps(each).encode()) for each in documents)


def _queried(lines: Sequence[str]) -> bytes:
    rows = [
        [{"field": "@timestamp", "value": TIME}, {"field": "@message", "value": line}]
        for line in lines
    ]
    return _join([json.dumps({"results": rows, "status": "Complete"}, indent=4)])


def _docker_files(lines: Sequence[str]) -> bytes:
    return _join(
        json.dumps({"log": f"{line}\n", "stream": "stdout", "time": TIME}) for line in lines
    )


def _downloaded_csv(lines: Sequence[str]) -> bytes:
    """What the console lets people download, of a log group and of a query."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["@timestamp", "@message"])
    writer.writerows([TIME, line] for line in lines)
    return text.getvalue().encode()


def _downloaded_json(lines: Sequence[str]) -> bytes:
    return _join([json.dumps([{"@timestamp": TIME, "@message": _parse(line)} for line in lines])])


def _parse(line: str) -> object:
    try:
        return json.loads(line)
    except ValueError:
        return line


LOGS: dict[str, Callable[[Sequence[str]], bytes]] = {
    "plain": _prefixed(""),
    "aws logs tail": _prefixed(f"{TIME} {STREAM} "),
    "aws logs tail --format short": _prefixed("2026-11-21T10:00:00 "),
    "aws logs tail --format json": _pretty_tail,
    "aws logs tail in colours": _prefixed(f"\x1b[32m{TIME}\x1b[0m \x1b[36m{STREAM}\x1b[0m "),
    "filter-log-events": _filtered,
    "filter-log-events on one line": lambda lines: _filtered(lines, None),
    "get-query-results": _queried,
    "export to S3": lambda lines: gzip.compress(_prefixed(f"{TIME} ")(lines)),
    "Firehose": _subscribed,
    "docker compose logs": _prefixed("server-1  | "),
    "docker's files": _docker_files,
    "console's CSV": _downloaded_csv,
    "console's JSON": _downloaded_json,
    "PowerShell's files": lambda lines: _prefixed("")(lines).decode().encode("utf-16"),
}
