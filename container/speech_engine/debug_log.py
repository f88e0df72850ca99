"""The switch `debug=True`: the only way that transcript text reaches a log.

Messages are static; what was said stands in a field, so that a transcript is never a format.
"""

from __future__ import annotations

import logging
from typing import Any

LOGGER_NAME = "speech_engine"

_logger = logging.getLogger(f"{LOGGER_NAME}.debug")


class _FieldFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        fields = getattr(record, "fields", {})
        return " ".join(
            [f"[speech_engine] {record.msg}", *(f"{k}={v!r}" for k, v in fields.items())]
        )


def enable() -> None:
    """Let debug messages through, to standard error unless the program has set up logging."""
    _logger.setLevel(logging.DEBUG)
    if not _logger.hasHandlers():
        handler = logging.StreamHandler()
        handler.setFormatter(_FieldFormatter())
        _logger.addHandler(handler)


def write(message: str, **fields: Any) -> None:
    """Log one debug message with its fields."""
    _logger.debug(message, extra={"fields": fields})
