from __future__ import annotations

import pytest

from agents.breaker import Breaker


def test_breaker_lets_single_failures_pass() -> None:
    """A model that fails now and then is asked on."""
    breaker = Breaker()
    for now in range(20):
        assert breaker.fail(now, now) is None
        breaker.succeed(now)
    assert not breaker.is_resting(20)


def test_breaker_rests_a_model_that_fails_five_times_in_a_row() -> None:
    """The fifth failure in a row begins a rest of five seconds."""
    breaker = Breaker()
    assert [breaker.fail(now, now) for now in range(5)] == [None] * 4 + [5]
    assert breaker.is_resting(8.9)
    assert not breaker.is_resting(9)


def fail_trial(breaker: Breaker, now: float, retry_after_seconds: float | None = None) -> float:
    """Begin the trial when the rest is over, and fail; returns the next rest."""
    assert not breaker.is_resting(now)
    breaker.begin(now)
    rested = breaker.fail(now, now, retry_after_seconds)
    assert rested is not None
    return rested


def test_breaker_rests_longer_each_time_and_never_above_a_minute() -> None:
    """A trial that fails doubles the rest."""
    breaker = Breaker()
    for _ in range(5):
        breaker.fail(0, 0)
    rests = [fail_trial(breaker, 60.0 * minute) for minute in range(1, 6)]
    assert rests == [10, 20, 40, 60, 60]


def test_breaker_counts_turns_that_fail_together_once() -> None:
    """Turns that were asking when the rest began don't make it longer by failing as well."""
    breaker = Breaker()
    rests = [breaker.fail(now / 100, 0) for now in range(200)]
    assert [rest for rest in rests if rest is not None] == [5]
    assert not breaker.is_resting(5.04)


def test_breaker_lets_one_turn_try_when_the_rest_is_over() -> None:
    """Others wait for what becomes of the trial, and a trial without outcome runs out."""
    breaker = Breaker()
    breaker.rest(0, 10)
    assert not breaker.is_resting(10)
    breaker.begin(10)
    assert breaker.is_resting(10)
    assert not breaker.is_resting(15)


def test_breaker_forgets_all_at_a_success() -> None:
    """After a success the first rest is short again."""
    breaker = Breaker()
    for _ in range(5):
        breaker.fail(0, 0)
    fail_trial(breaker, 5)
    breaker.succeed(5)
    assert not breaker.is_resting(5)
    assert [breaker.fail(5, 5) for _ in range(5)][-1] == 5


@pytest.mark.parametrize(("asked", "rested"), [(7.0, 7.0), (3600.0, 60.0), (0.0, None)])
def test_breaker_rests_for_as_long_as_the_provider_asks(asked: float, rested: float | None) -> None:
    """A retry-after counts at once, up to a minute."""
    assert Breaker().fail(0, 0, asked) == rested


def test_breaker_rests_a_model_that_asks_for_too_little() -> None:
    """A provider that says "at once" each time, and fails each time, is rested all the same."""
    breaker = Breaker()
    assert [breaker.fail(now, now, 0.0) for now in range(5)] == [None] * 4 + [5]
    assert fail_trial(breaker, 9, 1.0) == 10


def test_breaker_learns_nothing_from_turns_that_asked_before_the_rest() -> None:
    """Neither their answers nor their failures say how the model is by now."""
    breaker = Breaker()
    breaker.fail(2, 1, 10.0)
    breaker.succeed(1)
    assert breaker.is_resting(11)
    breaker.begin(12)
    assert breaker.fail(13, 1) is None
    breaker.succeed(1)
    assert breaker.is_resting(13)
    breaker.succeed(12)
    assert not breaker.is_resting(13)


def test_breaker_ends_a_rest_with_an_answer_that_outlasts_the_next_trial() -> None:
    """A model that is well again may speak for longer than a trial has to show an outcome."""
    breaker = Breaker()
    breaker.rest(0, 10)
    for now in (10, 15, 20):
        breaker.begin(now)
    breaker.succeed(15)
    assert not breaker.is_resting(20)
