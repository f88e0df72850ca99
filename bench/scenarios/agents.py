"""Owns what guard and failover cost: an assistant's turns beside the model's own stream."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from bench.process import run_program
from bench.trial import Reading

if TYPE_CHECKING:
    from bench.trial import Trial


@dataclass(frozen=True)
class Agents:
    """Batches of turns in one process, which measures itself."""

    name: ClassVar[str] = "agents"
    rounds: int = 40

    @classmethod
    def quick(cls) -> Self:
        """Return the form for tests."""
        return cls(rounds=1)

    async def measure(self, trial: Trial) -> Reading:
        """Measure what a turn, a chunk and a first chunk cost more."""
        environment = trial.server.environment(chunks=1, delay_ms=0)
        environment["BENCH_ROUNDS"] = str(self.rounds)
        command = trial.server.agents_command
        output = await asyncio.to_thread(run_program, command, environment, trial.cores.server)
        values: dict[str, float] = json.loads(output.splitlines()[-1])
        return Reading({f"agents_{name}": value for name, value in values.items()}, False)
