"""The one readable log of `make dev`: a line each, with time and source, coloured in terminals."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from local.dev.visible import make_lines_visible

if TYPE_CHECKING:
    from typing import TextIO

_COLORS = {"dev": "36", "server": "32", "user": "34", "agent": "35"}
_LEVEL_COLORS = {"warning": "33", "error": "31", "critical": "31"}
_DIM = "2"
_HIDDEN = {"time", "level", "event", "logger", "traceback"}
_SOURCE_WIDTH = max(map(len, _COLORS))
# What the runtime tells only when transcripts are switched on, beside the service's own lines.
_TRANSCRIPT_LOGGER = "speech_engine.debug"
_SAID_IN_ANOTHER_LINE = {"conversation started"}
# What an operator has to know, and a developer at every edit has not.
_NOISE = ("draining", "stopped", "transcripts are logged")


class Console:
    """Writes lines of several sources to one stream."""

    def __init__(self, stream: TextIO, *, colored: bool | None = None) -> None:
        self._stream = stream
        self._colored = stream.isatty() if colored is None else colored

    def show(self, source: str, text: str, level: str = "info") -> None:
        """Write `text`, each of its lines with time and source in front, and fit for a terminal."""
        head = self._paint(time.strftime("%H:%M:%S"), _DIM)
        name = self._paint(source.ljust(_SOURCE_WIDTH), _COLORS.get(source, _DIM))
        for line in make_lines_visible(text):
            self._write(f"{head} {name} {self._paint(line, _LEVEL_COLORS.get(level))}")

    def show_output(self, source: str, line: str) -> None:
        """Write what a program said: a JSON log line is made readable, anything else is kept."""
        event = _parse_event(line)
        if event is None:
            self.show(source, line)
        elif event.get("logger") == _TRANSCRIPT_LOGGER:
            self._show_speech(source, event)
        elif not str(event["event"]).startswith(_NOISE):
            self.show(source, _describe(event), str(event.get("level", "info")))

    def banner(self, rows: list[tuple[str, str]], closing: str) -> None:
        """Write the summary that a person looks for after the start."""
        lines = [f"  {self._paint(name.ljust(10), _DIM)} {value}" for name, value in rows]
        self._write("\n".join(["", *lines, "", self._paint(closing, "1"), ""]))

    def _show_speech(self, source: str, event: dict[str, Any]) -> None:
        if event["event"] == "turn started" and event.get("transcript"):
            self.show("user", str(event["transcript"][-1].get("content", "")))
        elif event["event"] == "turn ended" and "answer" in event:
            self.show("agent", str(event["answer"]).rstrip())
        elif event["event"] not in _SAID_IN_ANOTHER_LINE:
            self.show(source, _describe(event))

    def _paint(self, text: str, color: str | None) -> str:
        return f"\x1b[{color}m{text}\x1b[0m" if self._colored and color else text

    def _write(self, text: str) -> None:
        self._stream.write(text + "\n")
        self._stream.flush()


def _parse_event(line: str) -> dict[str, Any] | None:
    if not line.startswith("{"):
        return None
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) and "event" in event else None


def _describe(event: dict[str, Any]) -> str:
    fields = [f"{name}={_shown(value)}" for name, value in event.items() if name not in _HIDDEN]
    head = "  ".join([str(event["event"]), " ".join(fields)]).rstrip()
    traceback = event.get("traceback")
    return f"{head}\n{traceback}" if traceback else head


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return repr(text) if any(character.isspace() for character in text) else text
