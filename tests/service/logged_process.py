"""A child process in a session of its own, whose output is kept by lines and can be waited for."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

ROOT = Path(__file__).resolve().parents[2]
PLAIN_AGENT = ROOT / "tests" / "fakes" / "plain_agent"
WAIT_SECONDS = 15.0


def clean_environ(*first_folders: Path, **variables: str) -> dict[str, str]:
    """An environment with nothing of the developer's own settings in it, nor of a fork's agent.

    The agent called `agent` is that of `first_folders`, or else the plain one.
    """
    dropped = ("SPEECH_ENGINE_", "ELEVENLABS_", "PUBLIC_WS_URL", "ENGINE", "PORT", "SIMULATOR_PORT")
    own = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    folders = map(str, (*first_folders, PLAIN_AGENT, ROOT / "container", ROOT))
    return {**own, "PYTHONPATH": os.pathsep.join(folders), **variables}


class LoggedProcess:
    """A running program; used as a context manager, it and all its children are gone at the end."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str]) -> None:
        self.process = subprocess.Popen(
            command,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.lines: list[str] = []
        self.errors: list[str] = []
        self._changed = threading.Condition()
        self._open_pipes = 2
        self._readers = [
            threading.Thread(target=self._read, args=(self.process.stdout, self.lines)),
            threading.Thread(target=self._read, args=(self.process.stderr, self.errors)),
        ]
        for reader in self._readers:
            reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        for reader in self._readers:
            reader.join()
        for pipe in (self.process.stdout, self.process.stderr):
            assert pipe is not None
            pipe.close()

    def wait_until(self, is_there: Callable[[], bool], seconds: float = WAIT_SECONDS) -> None:
        """Wait for something in the output; fails when the time or the process is over."""
        with self._changed:
            self._changed.wait_for(lambda: is_there() or not self._open_pipes, seconds)
        assert is_there(), f"not there: {self.lines} {self.errors}"

    def wait_for_line(self, part: str, seconds: float = WAIT_SECONDS) -> str:
        """Wait for an output line with `part` in it; returns the first one."""
        self.wait_until(lambda: any(part in line for line in list(self.lines)), seconds)
        return next(line for line in self.lines if part in line)

    def send_signal(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Send one signal."""
        self.process.send_signal(number)

    def wait(self, seconds: float = WAIT_SECONDS) -> int:
        """Wait for its end; returns the exit code."""
        code = self.process.wait(seconds)
        for reader in self._readers:
            reader.join(seconds)
        return code

    def _read(self, pipe: Iterator[str], lines: list[str]) -> None:
        for line in pipe:
            with self._changed:
                lines.append(line.rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._open_pipes -= 1
            self._changed.notify_all()
