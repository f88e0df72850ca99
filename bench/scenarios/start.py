"""Owns the start: from the fork of a fresh process to its first accepted connection."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import ClassVar, Self

from bench.load import Load
from bench.trial import Reading, Trial


@dataclass(frozen=True)
class Start:
    """Several starts in a row, after one unmeasured start that leaves the bytecode warm."""

    name: ClassVar[str] = "start"
    starts: int = 5

    @classmethod
    def quick(cls) -> Self:
        """Return the form for tests."""
        return cls(starts=1)

    async def measure(self, trial: Trial) -> Reading:
        """Measure wall and CPU time to the first accepted connection."""
        await measure_one(trial)
        results = [await measure_one(trial) for _ in range(self.starts)]
        values = {
            name: statistics.median(values[name] for values, _ in results)
            for name in ("start_ms", "start_cpu_ms")
        }
        return Reading(values, any(is_deflated for _, is_deflated in results))


async def measure_one(trial: Trial) -> tuple[dict[str, float], bool]:
    """Start once; return the values and whether the connection was compressed."""
    async with trial.start(chunks=1) as process:
        load = Load(trial.target(process, 1))
        await load.open(1)
        wall_seconds = time.perf_counter() - process.started_at
        cpu_ns = process.cpu_ns()
        await load.close()
    return {"start_ms": wall_seconds * 1e3, "start_cpu_ms": cpu_ns / 1e6}, load.is_deflated()
