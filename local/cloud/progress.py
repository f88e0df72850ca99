"""What a person sees while the demo runs: a line for each thing that happens, and when."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_STACK_SECONDS = 2.0


class Progress:
    """Writes lines that start with the seconds since the beginning."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._began = clock()
        self._told = self._began
        self._line = ""

    @property
    def seconds(self) -> float:
        """Return the seconds since the beginning."""
        return self._clock() - self._began

    @contextlib.contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Say what begins, and when it is done how long it took."""
        began = self._clock()
        self._write(f"{title} …")
        yield
        self._write(f"  done in {self._clock() - began:.1f} s")

    def note(self, text: str) -> None:
        """Write one line inside a step."""
        self._write(f"  {text}")

    def show(self, *lines: str) -> None:
        """Write lines as they are, for a person to copy."""
        self._stream.write("".join(f"{line}\n" for line in ("", *lines, "")))
        self._stream.flush()

    def stack(self, name: str, done: int, total: int) -> None:
        """Tell how far a stack is: not at every resource, but every two seconds, and at its end."""
        line = f"{name}: {done} of {total} resources"
        if line != self._line and (done == total or self._clock() - self._told >= _STACK_SECONDS):
            self._told, self._line = self._clock(), line
            self.note(line)

    def _write(self, text: str) -> None:
        self._stream.write(f"{self.seconds:6.1f} s  {text}\n")
        self._stream.flush()
