"""`make dev` as a child process on free ports, with an agent and a state file of its own."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.service.logged_process import LoggedProcess, clean_environ

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

ECHO = "from agents.echo import on_transcript\n"
READY = "now run: make talk"
FREE_PORTS = {"PORT": "0", "SIMULATOR_PORT": "0", "PAGE_PORT": "0"}


class DevProcess(LoggedProcess):
    """One run in `folder`, which holds the agent and the state file."""

    def __init__(
        self, folder: Path, agent: str = ECHO, variables: Mapping[str, str] | None = None
    ) -> None:
        self.agent_file = folder / "agent.py"
        self.agent_file.write_text(agent)
        self.state_file = folder / "state" / "dev.json"
        environ = clean_environ(**{**FREE_PORTS, **(variables or {})})
        named = ["--agent-folder", str(folder), "--state-file", str(self.state_file)]
        super().__init__([sys.executable, "-m", "local.dev", *named], environ)

    def __exit__(self, *details: object) -> None:
        # Its own way out first: only it knows of the server that it has started.
        if self.process.poll() is None:
            self.send_signal()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait()
        super().__exit__(*details)

    def edit(self, agent: str) -> None:
        """Put another agent into the file, at once: nobody sees half of it."""
        draft = self.agent_file.with_suffix(".draft")
        draft.write_text(agent)
        draft.replace(self.agent_file)

    def wait_until_ready(self) -> dict[str, str]:
        """Wait for the summary; returns the state."""
        self.wait_for_line(READY, seconds=30)
        state: dict[str, str] = json.loads(self.state_file.read_text())
        return state

    def row(self, name: str) -> str:
        """One row of the summary."""
        return next(line for line in self.lines if line.split()[:1] == [name]).split()[1]
