"""What a conversation looks like in a terminal, or in a pipe.

It is told of the conversation's events, from any thread, and knows nothing of the network.
"""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TextIO

_PROMPT = "you> "
_AGENT = "agent> "
_DIM, _PLAIN = "\x1b[2m", "\x1b[0m"


class Screen:
    """Writes the two voices. In a pipe there are no prompts, and answers stand alone."""

    def __init__(self, output: TextIO, *, interactive: bool) -> None:
        self._output = output
        self._interactive = interactive
        self._lock = threading.Lock()
        self._mid_line = False
        self._is_answering = False
        self._is_parted = False

    def note(self, text: str) -> None:
        """Tell something about the conversation itself."""
        if self._interactive:
            with self._lock:
                self._end_line()
                self._write(f"{text}\n")
                self._is_parted = self._is_answering

    def aside(self, text: str) -> None:
        """Tell something about the answer, less loudly."""
        self.note(f"{_DIM}{text}{_PLAIN}")

    def warn(self, text: str) -> None:
        """Tell what went wrong; answers in a pipe stay alone."""
        if self._interactive:
            self.note(text)
        else:
            print(text, file=sys.stderr, flush=True)

    def prompt(self) -> None:
        """Show that it is the user's turn."""
        if self._interactive:
            with self._lock:
                self._end_line()
                self._write(_PROMPT)
                self._mid_line = True

    def end_input(self) -> None:
        """Take note that the user's own Enter has ended the line."""
        self._mid_line = False

    def end_line(self) -> None:
        """Leave the line that is open, for whatever else writes to the terminal."""
        with self._lock:
            self._end_line()

    def begin_answer(self) -> None:
        """The agent begins to speak."""
        with self._lock:
            self._end_line()
            self._mark()
            self._is_answering = True

    def add_words(self, text: str) -> None:
        """More of the answer."""
        if text:
            with self._lock:
                if self._is_parted:
                    self._mark()
                self._write(text)
                self._mid_line = not text.endswith("\n")

    def end_answer(self) -> None:
        """The answer is whole."""
        with self._lock:
            self._end_line()
            self._is_answering = self._is_parted = False

    def _mark(self) -> None:
        self._is_parted = False
        if self._interactive:
            self._write(_AGENT)
            self._mid_line = True

    def _end_line(self) -> None:
        if self._mid_line:
            self._write("\n")
            self._mid_line = False

    def _write(self, text: str) -> None:
        self._output.write(text)
        self._output.flush()
