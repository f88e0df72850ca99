"""Owns one server process: start on its core, port, CPU time, resident memory, end. Linux only."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping, Sequence

START_SECONDS = 30.0
STOP_SECONDS = 5.0
# Variables that would make a server slower or different from its stock form.
UNWANTED_VARIABLES = ("PYTHONDONTWRITEBYTECODE", "PYTHONASYNCIODEBUG", "PYTHONDEVMODE")


class ServerFailed(Exception):
    """A server did not come up; the message says what it last wrote to its error stream."""


@dataclass(frozen=True)
class Cores:
    """The core of the servers and the core of the load, both None where there is only one."""

    server: int | None = None
    load: int | None = None


def choose_cores() -> Cores:
    """Return the first two cores that this process may use."""
    allowed = sorted(os.sched_getaffinity(0))
    return Cores(allowed[0], allowed[1]) if len(allowed) > 1 else Cores()


@contextlib.contextmanager
def pinned(core: int | None) -> Iterator[None]:
    """Keep this process, and the children it starts meanwhile, on `core`."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, before if core is None else {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@dataclass
class ServerProcess:
    """A running server; `started_at` is the `time.perf_counter` value before the fork."""

    process: subprocess.Popen[bytes]
    port: int
    started_at: float

    def cpu_ns(self) -> int:
        """Return user plus system time of all threads so far."""
        return read_cpu_ns(self.process.pid)

    def loop_cpu_ns(self) -> int:
        """Return the CPU time of the main thread, which runs the event loop."""
        return self._read_schedstat(0)

    def waited_ns(self) -> int:
        """Return how long the main thread was ready to run but others had its core."""
        return self._read_schedstat(1)

    def _read_schedstat(self, field: int) -> int:
        schedstat = Path(f"/proc/{self.process.pid}/schedstat").read_text(encoding="ascii")
        return int(schedstat.split()[field])

    def resident_bytes(self) -> int:
        """Return the resident set size."""
        return read_resident_bytes(self.process.pid)


def read_cpu_ns(pid: int) -> int:
    """Return the CPU time of a process, threads included, at the scheduler's own resolution.

    The clock id is what clock_getcpuclockid(3) computes from a process id.
    """
    return time.clock_gettime_ns((~pid << 3) | 2)


def read_resident_bytes(pid: int) -> int:
    """Return Rss of /proc/<pid>/smaps_rollup, which counts pages exactly (unlike statm)."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
        if line.startswith("Rss:"):
            return int(line.split()[1]) * 1024
    raise ValueError(f"process {pid} has no resident set")


@contextlib.asynccontextmanager
async def run_server(
    command: Sequence[str], variables: Mapping[str, str], core: int | None
) -> AsyncIterator[ServerProcess]:
    """Start a server that prints `port <number>` once it listens; end it on the way out."""
    with tempfile.TemporaryFile() as errors:
        started_at = time.perf_counter()
        with pinned(core):
            process = _spawn(command, variables, errors)
        try:
            port = await _read_port(process, errors)
            yield ServerProcess(process, port, started_at)
        finally:
            await asyncio.to_thread(_end, process)


def run_program(command: Sequence[str], variables: Mapping[str, str], core: int | None) -> str:
    """Run a program on `core` to its end and return what it printed; ServerFailed if it failed."""
    with tempfile.TemporaryFile() as errors:
        with pinned(core):
            process = _spawn(command, variables, errors)
        try:
            output, _ = process.communicate(timeout=START_SECONDS)
        except subprocess.TimeoutExpired:
            _end(process)
            raise ServerFailed(f"it did not end within {START_SECONDS:.0f} s") from None
        if process.returncode:
            raise ServerFailed(_last_line(errors) or f"it ended with {process.returncode}")
    return output.decode()


def _spawn(
    command: Sequence[str], variables: Mapping[str, str], errors: IO[bytes]
) -> subprocess.Popen[bytes]:
    inherited = {k: v for k, v in os.environ.items() if k not in UNWANTED_VARIABLES}
    return subprocess.Popen(
        command,
        env=inherited | dict(variables),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=errors,
    )


async def _read_port(process: subprocess.Popen[bytes], errors: IO[bytes]) -> int:
    assert process.stdout is not None
    reading = asyncio.to_thread(process.stdout.readline)
    try:
        line = await asyncio.wait_for(asyncio.shield(reading), START_SECONDS)
    except TimeoutError:
        line = b""
    words = line.split()
    if len(words) == 2 and words[0] == b"port":
        return int(words[1])
    process.kill()
    process.wait(STOP_SECONDS)
    raise ServerFailed(_last_line(errors) or "it said nothing")


def _last_line(errors: IO[bytes]) -> str:
    errors.seek(0)
    lines = errors.read().decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else ""


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(STOP_SECONDS)
    if process.stdout is not None:
        process.stdout.close()
