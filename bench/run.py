"""Owns a run: interleaved rounds of every scenario on every server, each on a fresh process."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.comparison import Measured
from bench.metrics import METRICS
from bench.process import ServerFailed, choose_cores, pinned
from bench.report import format_value
from bench.trial import Reading, Trial

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bench.contestants import Server
    from bench.trial import Scenario


@dataclass(frozen=True)
class Plan:
    """What to measure, and how often."""

    scenarios: tuple[Scenario, ...]
    servers: tuple[Server, ...]
    rounds: int
    offer_deflate: bool = True

    def trials(self) -> int:
        """Return the number of trials."""
        return self.rounds * sum(len(self.round_of(s, 1)) for s in self.scenarios)

    def round_of(self, scenario: Scenario, number: int) -> list[Server]:
        """Return whom the scenario measures in that round (counted from 1), in order."""
        servers = [s for s in self.servers if s.takes_part_in(scenario.name)]
        return rotate(servers, number - 1)


async def run(plan: Plan, say: Callable[[str], None]) -> list[Measured]:
    """Measure everything, telling each result to `say`; ServerFailed names the server."""
    cores = choose_cores()
    results: list[Measured] = []
    with pinned(cores.load):
        for number in range(1, plan.rounds + 1):
            for scenario in plan.scenarios:
                for server in plan.round_of(scenario, number):
                    trial = Trial(server, cores, plan.offer_deflate)
                    started_at = time.perf_counter()
                    reading = await _measure(scenario, trial)
                    results.append(Measured(number, scenario.name, server.name, reading))
                    seconds = time.perf_counter() - started_at
                    say(_progress(results, plan, seconds))
    return results


def rotate(servers: Sequence[Server], by: int) -> list[Server]:
    """Return `servers` with another one first in each round, so that none always leads."""
    start = by % max(len(servers), 1)
    return [*servers[start:], *servers[:start]]


async def _measure(scenario: Scenario, trial: Trial) -> Reading:
    try:
        return await scenario.measure(trial)
    except (ServerFailed, OSError) as error:
        raise ServerFailed(f"{trial.server.name} in {scenario.name}: {error}") from error


def _progress(results: Sequence[Measured], plan: Plan, seconds: float) -> str:
    last = results[-1]
    values = (
        f"{metric.title.partition(': ')[2]} {format_value(last.reading.values[metric.name])}"
        for metric in METRICS
        if metric.name in last.reading.values
    )
    place = f"[{len(results)}/{plan.trials()}] round {last.round} {last.scenario} {last.server}"
    return f"{place} ({seconds:.0f} s): {'; '.join(values)}"
