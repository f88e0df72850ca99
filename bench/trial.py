"""Owns one trial: a fresh server under one scenario, the window that is measured, the reading."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Protocol, Self

from bench.load import Load, Tally, Target
from bench.process import Cores, ServerProcess, run_server

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    from bench.contestants import Server


@dataclass(frozen=True)
class Reading:
    """What one trial showed: metric values by name, and whether they can be trusted.

    The shares are of the window's time: `load_busy` near 1 means that the load was a bottleneck,
    `server_held_up` well above 0 that other programs wanted the server's core.
    """

    values: dict[str, float]
    is_deflated: bool
    faults: dict[str, int] = field(default_factory=dict)
    server_busy: float | None = None
    server_held_up: float | None = None
    load_busy: float | None = None


@dataclass(frozen=True)
class Trial:
    """Which server is tried, and on what terms."""

    server: Server
    cores: Cores
    offer_deflate: bool = True

    def start(
        self, *, chunks: int, delay_ms: int = 0
    ) -> AbstractAsyncContextManager[ServerProcess]:
        """Start a fresh server process for the length of the context."""
        variables = self.server.environment(chunks=chunks, delay_ms=delay_ms)
        return run_server(self.server.command, variables, self.cores.server)

    def target(self, process: ServerProcess, chunks: int) -> Target:
        """Return what a load needs to know of the running server."""
        return Target(process.port, chunks, self.offer_deflate)


class Scenario(Protocol):
    """A set of parameters that can be measured; `quick` is the form for tests."""

    name: ClassVar[str]

    @classmethod
    def quick(cls) -> Self:
        """Return parameters that finish in a moment and measure nothing of worth."""

    async def measure(self, trial: Trial) -> Reading:
        """Run against a fresh server."""


@dataclass(frozen=True)
class Window:
    """A stretch of time under load."""

    tally: Tally
    wall_seconds: float
    server_cpu_seconds: float
    server_waited_seconds: float
    load_cpu_seconds: float

    def reading(self, values: dict[str, float], load: Load) -> Reading:
        """Return the reading of a load that has come to its end; a silent window is a fault."""
        faults = dict(load.faults())
        if not self.tally.chunks:
            faults["no chunk in the measured time"] = 1
        return Reading(
            values,
            load.is_deflated(),
            faults,
            server_busy=self.server_cpu_seconds / self.wall_seconds,
            server_held_up=self.server_waited_seconds / self.wall_seconds,
            load_busy=self.load_cpu_seconds / self.wall_seconds,
        )


async def watch(process: ServerProcess, load: Load, seconds: float) -> Window:
    """Measure what happens in the next `seconds`."""
    tally, before = load.start_tally(), _read_clocks(process)
    await asyncio.sleep(seconds)
    after = _read_clocks(process)
    load.start_tally()
    spent = ((end - start) / 1e9 for start, end in zip(before, after, strict=True))
    return Window(tally, *spent)


def _read_clocks(process: ServerProcess) -> tuple[int, int, int, int]:
    """Return wall, server CPU, server wait and load CPU time in nanoseconds."""
    return (
        time.perf_counter_ns(),
        process.cpu_ns(),
        process.waited_ns(),
        time.process_time_ns(),
    )


async def drive(
    process: ServerProcess,
    load: Load,
    *,
    warm_seconds: float,
    seconds: float,
    stop: Callable[[], None],
) -> Window:
    """Warm up, measure, then stop asking and wait for the answers that are due."""
    await asyncio.sleep(warm_seconds)
    window = await watch(process, load, seconds)
    stop()
    await load.drain()
    await load.close()
    return window
