from __future__ import annotations

import math

import pytest

from bench.spread import Spread, gain, percentile, spread_of


def test_spread_keeps_median_and_extremes() -> None:
    """An outlier stays visible and does not move the median."""
    assert spread_of([3.0, 1.0, 900.0]) == Spread(3.0, 1.0, 900.0, 3)


def test_spread_of_nothing_is_refused() -> None:
    """A metric without values is an error, not a zero."""
    with pytest.raises(ValueError, match="no values"):
        spread_of([])


@pytest.mark.parametrize(("percent", "expected"), [(0, 1), (50, 50), (99, 99), (100, 100)])
def test_percentile_is_a_measured_value(percent: float, expected: float) -> None:
    """The nearest rank of 1..100 is the number itself, whatever the order."""
    assert percentile([float(value) for value in range(100, 0, -1)], percent) == expected


def test_percentile_of_nothing_is_refused() -> None:
    """No delays, no percentile."""
    with pytest.raises(ValueError, match="no values"):
        percentile([], 50)


def test_gain_turns_with_the_direction_of_better() -> None:
    """Twice the rate and half the cost are both a gain of two."""
    assert gain(200, 100, higher_is_better=True) == 2
    assert gain(100, 200, higher_is_better=False) == 2


def test_gain_survives_zero() -> None:
    """A cost of zero is infinitely better, zero against zero is not comparable."""
    assert gain(0, 5, higher_is_better=False) == math.inf
    assert math.isnan(gain(0, 0, higher_is_better=True))
