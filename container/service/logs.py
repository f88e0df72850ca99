"""How the service writes its log: one line an event on standard output, as JSON or as text.

Messages are static; data travels in fields, given to stdlib logging as `extra={"name": value}`, or
all together as `extra={"fields": {…}}`. It decides the form only, never what is logged.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import TracebackType
    from typing import TextIO

_STANDARD_ATTRIBUTES = frozenset(logging.makeLogRecord({}).__dict__) | {
    "asctime",
    "color_message",
    "message",
    "taskName",
}
# CloudWatch cuts an event at 256 KiB; the frames next to the failure are at the end.
_TRACEBACK_CHARACTERS = 16_000
_LINE_BREAKERS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def configure_logs(*, level: str, form: str, stream: TextIO | None = None) -> None:
    """Send every logger of the process to `stream` (standard output) in the form json or text."""
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(JsonFormatter() if form == "json" else TextFormatter())
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    # A reader that went away must not turn each event into a traceback on standard error.
    logging.raiseExceptions = False
    logging.captureWarnings(capture=True)
    for noisy in ("asyncio", "websockets"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, logging.getLogger().level))


class JsonFormatter(logging.Formatter):
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
        return json.dumps({**head, **_fields(record), **head}, default=str)


class TextFormatter(logging.Formatter):
    """The same event for a terminal: time, level, message, then fields as name=value."""

    def format(self, record: logging.LogRecord) -> str:
        """Render one line; control characters in values are shown escaped."""
        fields = " ".join(f"{name}={_shown(value)}" for name, value in _fields(record).items())
        head = f"{_time(record)[11:23]} {record.levelname.lower():7} {record.getMessage()}"
        return _on_one_line(f"{head}  {fields}" if fields else head)


def _time(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    own = {
        name: value
        for name, value in record.__dict__.items()
        if name not in _STANDARD_ATTRIBUTES and value is not None
    }
    if isinstance(together := own.pop("fields", {}), dict):
        own.update(together)
    if record.exc_info and record.exc_info[1] is not None:
        own.update(describe_exception(record.exc_info[1], record.exc_info[2]))
    return own


def describe_exception(
    error: BaseException, traceback: TracebackType | None = None
) -> dict[str, str]:
    """The fields that tell of an exception: its type, and its traceback as one string."""
    text = logging.Formatter().formatException((type(error), error, traceback))
    return {"error_type": type(error).__name__, "traceback": text[-_TRACEBACK_CHARACTERS:]}


def _shown(value: object) -> str:
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if " " in text or not text else text


def _on_one_line(text: str) -> str:
    return _LINE_BREAKERS.sub(lambda match: match[0].encode("unicode_escape").decode(), text)
