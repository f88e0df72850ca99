"""What an agent's own code does wrong, in one line for whoever writes it."""

from __future__ import annotations

import logging
import sysconfig
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import speech_engine
from service.logs import TextFormatter

if TYPE_CHECKING:
    from collections.abc import Callable

_PATHS = sysconfig.get_paths()
_LIBRARIES = (
    *(_PATHS[kind] for kind in ("stdlib", "platstdlib", "purelib", "platlib")),
    str(Path(speech_engine.__file__).parent),
    "<frozen ",
)
# Of no use to a person with one conversation; the error is described in words of its own.
_HIDDEN = {"conversation_id", "event_id", "traceback", "error_type"}


def describe_error(error: BaseException) -> str:
    """Type, place and message: the innermost line of the project's own code, not a library's."""
    message = " ".join(str(error).split())
    return f"{type(error).__name__}{_place(error)}{f': {message}' if message else ''}"


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith(_LIBRARIES)]
    return f" at {Path(own[-1].filename).name} line {own[-1].lineno}" if own else ""


def show_log(show: Callable[[str, bool], None]) -> None:
    """Have every warning of the process told by `show`: one line, and whether it is an error."""
    handler = _Handler(show)
    handler.setFormatter(_Formatter())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


class _Handler(logging.Handler):
    def __init__(self, show: Callable[[str, bool], None]) -> None:
        super().__init__()
        self._show = show

    def emit(self, record: logging.LogRecord) -> None:
        self._show(self.format(record), record.levelno >= logging.ERROR)


class _Formatter(TextFormatter):
    def fields_of(self, record: logging.LogRecord) -> dict[str, Any]:
        fields = super().fields_of(record)
        shown = {name: value for name, value in fields.items() if name not in _HIDDEN}
        if record.exc_info and record.exc_info[1] is not None:
            shown["error"] = describe_error(record.exc_info[1])
        return shown
