"""Owns what the readings of a run come to: spreads, gains, verdicts. Prints nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.contestants import SERVERS
from bench.metrics import METRICS, Metric
from bench.spread import Spread, gain, spread_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bench.trial import Reading


@dataclass(frozen=True)
class Measured:
    """One reading and where it comes from; rounds count from 1."""

    round: int
    scenario: str
    server: str
    reading: Reading


@dataclass(frozen=True)
class Gain:
    """How many times better one of this project's servers is than a reference, by medians."""

    metric: Metric
    server: str
    reference: str
    times: float
    bound: float | None
    aim: float | None

    @property
    def is_met(self) -> bool | None:
        """Whether the bound holds; None without a bound."""
        return None if self.bound is None else self.times >= self.bound


@dataclass(frozen=True)
class Row:
    """One metric: its spread on each server that was measured, and the gains."""

    metric: Metric
    spreads: dict[str, Spread]
    gains: tuple[Gain, ...]

    def breaches(self) -> list[str]:
        """Return this project's servers whose highest value exceeds the metric's absolute limit."""
        limit = self.metric.highest
        ours = (name for name in self.spreads if SERVERS[name].is_ours)
        return [n for n in ours if limit is not None and self.spreads[n].highest > limit]


def compare(results: Sequence[Measured]) -> list[Row]:
    """Return a row for each metric that has values."""
    rows = []
    for metric in METRICS:
        spreads = {
            server: spread_of(values)
            for server in SERVERS
            if (values := _values_of(results, metric, server))
        }
        if spreads:
            rows.append(Row(metric, spreads, tuple(_gains(metric, spreads))))
    return rows


def _values_of(results: Sequence[Measured], metric: Metric, server: str) -> list[float]:
    mine = (m.reading.values for m in results if m.server == server)
    return [values[metric.name] for values in mine if metric.name in values]


def _gains(metric: Metric, spreads: dict[str, Spread]) -> Iterable[Gain]:
    if metric.highest is not None:
        return
    bounds, aims = dict(metric.bounds), dict(metric.aims)
    for server in (name for name in spreads if SERVERS[name].is_ours):
        for reference in (name for name in spreads if not SERVERS[name].is_ours):
            times = gain(
                spreads[server].median,
                spreads[reference].median,
                higher_is_better=metric.higher_is_better,
            )
            yield Gain(metric, server, reference, times, bounds.get(reference), aims.get(reference))


def faults_of(results: Iterable[Measured]) -> dict[tuple[str, str], Counter[str]]:
    """Return what went wrong, by scenario and server; empty if every answer was whole."""
    found: dict[tuple[str, str], Counter[str]] = {}
    for measured in results:
        if measured.reading.faults:
            key = (measured.scenario, measured.server)
            found.setdefault(key, Counter()).update(measured.reading.faults)
    return found
