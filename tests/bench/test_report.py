from __future__ import annotations

import json

import pytest

from bench.comparison import Measured, compare
from bench.report import format_value, render, to_document
from bench.trial import Reading

MACHINE = {"cpu": "test", "cores": "2", "python": "3", "elevenlabs": "2.78.0"}


def measured(
    server: str, values: dict[str, float], *, scenario: str = "burst", **reading: object
) -> Measured:
    """Return a reading of round 1."""
    fields = {"is_deflated": False} | reading
    return Measured(1, scenario, server, Reading(values, **fields))  # type: ignore[arg-type]


def rates(python: list[float], ours: list[float]) -> list[Measured]:
    """Return burst readings of two servers."""
    name = "burst_chunks_per_cpu_second"
    return [
        *(measured("python-sdk", {name: value}) for value in python),
        *(measured("ours", {name: value}) for value in ours),
    ]


def test_gain_is_the_ratio_of_medians() -> None:
    """Neither the best nor the worst round decides."""
    ((gain,),) = (row.gains for row in compare(rates([10, 100, 11], [99, 1, 120])))
    assert gain.times == pytest.approx(9)
    assert (gain.server, gain.reference, gain.bound, gain.is_met) == ("ours", "python-sdk", 8, True)


def test_gain_below_its_bound_is_short() -> None:
    """A bound that does not hold is said so in the table."""
    results = rates([10], [79])
    assert compare(results)[0].gains[0].is_met is False
    assert "7.90x SHORT" in render(results, MACHINE, offer_deflate=True)


def test_gain_without_reference_is_not_invented() -> None:
    """One server alone has values and no gains."""
    (row,) = compare(rates([], [79]))
    assert row.gains == ()
    assert "times better" not in render(rates([], [79]), MACHINE, offer_deflate=True)


def test_report_shows_the_spread() -> None:
    """Lowest and highest round stand beside the median."""
    assert "30 [10..50]" in render(rates([10, 50, 30], [1]), MACHINE, offer_deflate=True)


def test_stale_chunks_of_one_round_break_the_limit() -> None:
    """The limit is on the worst round, and on this project's runtime only."""
    results = [
        measured("ours", {"stale_chunks": 0}, scenario="paced"),
        measured("ours", {"stale_chunks": 1}, scenario="paced"),
        measured("python-sdk", {"stale_chunks": 7}, scenario="paced"),
    ]
    (row,) = compare(results)
    assert row.breaches() == ["ours"]
    assert "ours: must be 0   SHORT" in render(results, MACHINE, offer_deflate=True)


def test_report_says_who_compressed() -> None:
    """Each server's answer to the deflate offer is printed."""
    results = [measured("python-sdk", {}, is_deflated=True), measured("ours", {})]
    text = render(results, MACHINE, offer_deflate=True)
    assert "was offered: Python SDK accepted, ours declined" in text
    assert "was not offered" in render(results, MACHINE, offer_deflate=False)


def test_report_warns_of_what_spoils_a_result() -> None:
    """Faults, a saturated load and a crowded core are printed, never dropped."""
    spoilt = measured(
        "ours",
        {},
        faults={"a second final frame": 3},
        server_busy=0.5,
        server_held_up=0.4,
        load_busy=0.95,
    )
    text = render([spoilt], MACHINE, offer_deflate=True)
    assert "FAULT burst, ours: a second final frame (3 times)" in text
    assert "LOAD WAS SATURATED" in text
    assert "held the server up 40%" in text


def test_document_holds_every_reading_as_json() -> None:
    """The JSON form loses no round and needs no special numbers."""
    document = to_document(rates([10, 0], [0]), MACHINE, offer_deflate=True)
    again = json.loads(json.dumps(document, allow_nan=False))
    assert len(again["readings"]) == 3
    assert again["metrics"]["burst_chunks_per_cpu_second"]["python-sdk"]["rounds"] == 2
    assert again["gains"][0]["is_met"] is False


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.1234, "0.123"), (12.34, "12.3"), (345.6, "346"), (1e6, "1,000,000")],
)
def test_values_are_written_for_people(value: float, text: str) -> None:
    """Three digits below a thousand, groups of three above."""
    assert format_value(value) == text
