"""The server under development: a child process, started again at each edit of the agent."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from watchfiles import PythonFilter, awatch

from local.dev.child import Child
from local.dev.options import CONTAINER, ROOT

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Mapping

    from local.dev.console import Console

SOURCE = "server"
_QUIET_MS = 100  # editors write a file in several steps


class ReloadingServer:
    """Runs `python -m service` with the agent in `agent_folder`, through edits and failures."""

    def __init__(
        self, *, agent_folder: Path, settings: Mapping[str, str], console: Console
    ) -> None:
        self._agent_folder = agent_folder
        self._console = console
        self._environ = {**os.environ, **settings, "PYTHONPATH": _python_path(agent_folder)}
        self._first_outcome = asyncio.Event()
        self._child: Child | None = None
        self.announced: Mapping[str, Any] = {}
        """What the server said of itself when it last started: `agent`, `models`."""

    async def settle(self) -> None:
        """Wait until the first start has succeeded or failed; the log says which."""
        await self._first_outcome.wait()

    async def run(self) -> None:
        """Serve until cancelled; the server is gone when this has ended."""
        try:
            async with contextlib.aclosing(self._edits()) as edits:
                while True:
                    edited = await self._serve_until_edit(edits)
                    self._console.show(
                        "dev", f"edited: {', '.join(sorted(edited))}; starting again"
                    )
        finally:
            if self._child is not None:
                await self._child.stop()

    def kill(self) -> None:
        """End the server at once, whatever it has still to do."""
        if self._child is not None:
            self._child.kill()

    async def _serve_until_edit(self, edits: AsyncIterator[set[str]]) -> set[str]:
        command = [sys.executable, "-m", "service"]
        self._child = await Child.start(command, self._environ, self._hear)
        watching = asyncio.create_task(self._tell_of_end(self._child))
        try:
            edited = await anext(edits)
        finally:
            watching.cancel()
        await self._child.stop()
        return edited

    async def _tell_of_end(self, child: Child) -> None:
        code = await child.wait()
        self._first_outcome.set()
        self._console.show("dev", f"server ended ({code}); waiting for the next edit", "warning")

    def _hear(self, line: str) -> None:
        self._console.show_output(SOURCE, line)
        if started := _read_start(line):
            self.announced = started
            self._first_outcome.set()

    async def _edits(self) -> AsyncGenerator[set[str], None]:
        async for changes in awatch(
            self._agent_folder, watch_filter=PythonFilter(), step=_QUIET_MS, raise_interrupt=False
        ):
            yield {Path(path).name for _, path in changes}


def _python_path(agent_folder: Path) -> str:
    folders = dict.fromkeys([agent_folder, CONTAINER, ROOT])
    return os.pathsep.join(map(str, folders))


def _read_start(line: str) -> dict[str, Any] | None:
    try:
        event = json.loads(line)
        return event if event["event"] == "started" else None
    except (ValueError, KeyError, TypeError):
        return None
