"""Owns the arithmetic on readings: percentiles, spread over rounds, ratios. Knows no server."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Spread:
    """What the rounds of one metric on one server came to; unit as in the readings."""

    median: float
    lowest: float
    highest: float
    rounds: int


def spread_of(values: Sequence[float]) -> Spread:
    """Return median and extremes of `values`; ValueError if there are none."""
    if not values:
        raise ValueError("no values to summarize")
    return Spread(statistics.median(values), min(values), max(values), len(values))


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the value that `percent` % of `values` do not exceed (nearest rank)."""
    if not values:
        raise ValueError("no values to rank")
    ordered = sorted(values)
    rank = math.ceil(len(ordered) * percent / 100)
    return ordered[max(rank, 1) - 1]


def gain(ours: float, reference: float, *, higher_is_better: bool) -> float:
    """Return how many times better `ours` is than `reference`; infinite or nan where one is 0."""
    better, worse = (ours, reference) if higher_is_better else (reference, ours)
    if worse == 0:
        return math.nan if better == 0 else math.inf
    return better / worse
