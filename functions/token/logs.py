"""How the endpoint writes its log: one JSON object a line on standard output.

Messages are static, data is in fields given as `extra={"fields": {…}}`. An exception appears by
type and place: its message may quote what must not be logged.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import Any

LOGGER = logging.getLogger("functions.token")


def configure_logs() -> None:
    """Write the endpoint's own events, apart from Lambda's handler, which drops fields."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter())
    LOGGER.handlers[:] = [handler]
    LOGGER.setLevel(logging.INFO)
    LOGGER.propagate = False


class JsonFormatter(logging.Formatter):
    """Renders an event as one line of plain ASCII."""

    def format(self, record: logging.LogRecord) -> str:
        """Return time, level and event, then the record's fields."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info and (error := record.exc_info[1]) is not None:
            line["error_type"] = type(error).__name__
            line["traceback"] = "".join(traceback.format_tb(error.__traceback__))
        return json.dumps(line)
