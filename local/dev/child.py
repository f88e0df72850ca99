"""A child process whose output is read line by line and whose end is bounded."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

# The server ends itself within 9 s of a stop without grace, having saved what it can.
_STOP_SECONDS = 10.0
_LAST_LINES_SECONDS = 0.5
_LONGEST_LINE_BYTES = 1024 * 1024


class Child:
    """One run of a program. `on_line` gets each line of its output, without the line's end."""

    def __init__(self, process: asyncio.subprocess.Process, on_line: Callable[[str], None]) -> None:
        self._process = process
        self._is_asked = False
        self._reader = asyncio.create_task(self._read_lines(on_line))

    @classmethod
    async def start(
        cls, command: Sequence[str], environ: Mapping[str, str], on_line: Callable[[str], None]
    ) -> Child:
        """Start `command` in a session of its own: Ctrl-C reaches the supervisor alone."""
        process = await asyncio.create_subprocess_exec(
            *command,
            env=dict(environ),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            limit=_LONGEST_LINE_BYTES,
            start_new_session=True,
        )
        return cls(process, on_line)

    async def wait(self) -> int:
        """Wait for its end and the last of its output; returns the exit code."""
        await asyncio.shield(self._reader)
        return await self._process.wait()

    async def stop(self) -> None:
        """Ask it to end, and end it with all its children when it takes too long.

        It is asked only once, however often this is called: some take a second time for haste.
        """
        if self._process.returncode is None and not self._is_asked:
            self._is_asked = True
            self._signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self._process.wait(), _STOP_SECONDS)
        except TimeoutError:
            self.kill()
            await self._process.wait()
        await asyncio.wait({self._reader}, timeout=_LAST_LINES_SECONDS)
        if not self._reader.done():
            # A child of its own holds the pipe: it has not ended when it was asked to.
            self.kill()
            await asyncio.wait({self._reader}, timeout=_LAST_LINES_SECONDS)
        self._reader.cancel()

    def kill(self) -> None:
        """End it at once, with all its children; `stop` and `wait` then return."""
        if self._process.returncode is None or not self._reader.done():
            self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    async def _read_lines(self, on_line: Callable[[str], None]) -> None:
        assert self._process.stdout is not None
        while True:
            try:
                line = await self._process.stdout.readline()
            except ValueError:  # longer than the limit: what was read of it is dropped
                continue
            if not line:
                return
            on_line(line.decode(errors="replace").rstrip())
