"""How the service writes its log: one line an event on standard output, as JSON or as text.

Messages are static; data travels in fields, given to stdlib logging as `extra={"name": value}`, or
all together as `extra={"fields": {…}}`. It decides the form only, with one exception: what an
exception says may quote a conversation, so its message is left out unless the caller wants it.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing import TextIO

FOR_PROGRAMS = "is_for_programs"
"""A record with this attribute is a line of JSON in either form, since a program reads it."""

_STANDARD_ATTRIBUTES = frozenset(logging.makeLogRecord({}).__dict__) | {
    FOR_PROGRAMS,
    "asctime",
    "color_message",
    "message",
    "taskName",
}
# CloudWatch cuts an event at 256 KiB; the frames next to the failure are at the end.
_TRACEBACK_CHARACTERS = 16_000
_LONGEST_CHAIN = 8
# Told of in warnings only: their debug lines hold requests whole, words and signed headers too.
LIBRARIES = (
    "aiobotocore",
    "aiohttp",
    "anthropic",
    "asyncio",
    "boto3",
    "botocore",
    "google",
    "google_genai",
    "httpcore",
    "httpcore2",
    "httpx",
    "httpx2",
    "openai",
    "urllib3",
    "websockets",
)
_LINE_BREAKERS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def configure_logs(
    *, level: str, form: str, quotes_exceptions: bool = False, stream: TextIO | None = None
) -> None:
    """Send every logger of the process to `stream` (standard output) in the form json or text.

    `quotes_exceptions` adds the messages of exceptions to their types and places.
    """
    handler = logging.StreamHandler(stream or sys.stdout)
    formatter = JsonFormatter if form == "json" else TextFormatter
    handler.setFormatter(formatter(quotes_exceptions=quotes_exceptions))
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    # A reader that went away must not turn each event into a traceback on standard error.
    logging.raiseExceptions = False
    logging.captureWarnings(capture=True)
    silence_libraries()


def silence_libraries() -> None:
    """Hold libraries at warnings; again once they are imported, since some set their own level."""
    for library in LIBRARIES:
        logging.getLogger(library).setLevel(max(logging.WARNING, logging.getLogger().level))


class _FieldFormatter(logging.Formatter):
    """What both forms share: which fields a record has."""

    def __init__(self, *, quotes_exceptions: bool = False) -> None:
        super().__init__()
        self._quotes_exceptions = quotes_exceptions

    def fields_of(self, record: logging.LogRecord) -> dict[str, Any]:
        """The record's own fields, then those of its exception."""
        own = {
            name: value
            for name, value in record.__dict__.items()
            if name not in _STANDARD_ATTRIBUTES and value is not None
        }
        if isinstance(together := own.pop("fields", {}), dict):
            own.update(together)
        if record.exc_info and record.exc_info[1] is not None:
            own.update(describe_exception(record.exc_info[1], quoted=self._quotes_exceptions))
        return own


class JsonFormatter(_FieldFormatter):
    """One JSON object a line, plain ASCII, so that nothing in a value can break the line."""

    def format(self, record: logging.LogRecord) -> str:
        """Render time, level, event and logger, then the record's own fields."""
        head = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            "logger": record.name,
        }
        # The head a second time: no field may pass for it.
        return json.dumps({**head, **self.fields_of(record), **head}, default=_plain)


class TextFormatter(_FieldFormatter):
    """The same event for a terminal: time, level, message, then fields as name=value."""

    def format(self, record: logging.LogRecord) -> str:
        """Render one line; control characters in values are shown escaped."""
        if getattr(record, FOR_PROGRAMS, False):
            return JsonFormatter(quotes_exceptions=self._quotes_exceptions).format(record)
        fields = " ".join(
            f"{name}={_shown(value)}" for name, value in self.fields_of(record).items()
        )
        head = f"{_time(record)[11:23]} {record.levelname.lower():7} {record.getMessage()}"
        return _on_one_line(f"{head}  {fields}" if fields else head)


def _time(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def describe_exception(error: BaseException, *, quoted: bool = False) -> dict[str, Any]:
    """The fields that tell of an exception: type, HTTP status if it has one, and traceback.

    Without `quoted` no exception's message is among them.
    """
    status = getattr(error, "status_code", None)
    parts = [_describe_link(link, quoted=quoted) for link in _chain(error)]
    return {
        "error_type": type(error).__name__,
        **({"status_code": status} if isinstance(status, int) else {}),
        "traceback": "\n".join(parts)[-_TRACEBACK_CHARACTERS:],
    }


def _describe_link(error: BaseException, *, quoted: bool) -> str:
    frames = "".join(traceback.format_tb(error.__traceback__))
    return f"{frames}{type(error).__name__}{f': {error}' if quoted else ''}"


def _chain(error: BaseException) -> list[BaseException]:
    """The exception and those that led to it, the first cause first."""
    chain = [error]
    while len(chain) < _LONGEST_CHAIN:
        last = chain[-1]
        before = last.__cause__ or (None if last.__suppress_context__ else last.__context__)
        if before is None:
            break
        chain.append(before)
    return chain[::-1]


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return str(value)


def _shown(value: object) -> str:
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if " " in text or not text else text


def _on_one_line(text: str) -> str:
    return _LINE_BREAKERS.sub(lambda match: match[0].encode("unicode_escape").decode(), text)
