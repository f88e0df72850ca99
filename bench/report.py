"""Owns how a run is shown: the table for a person, the JSON document for a program."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from bench.comparison import compare, faults_of
from bench.contestants import SERVERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from bench.comparison import Gain, Measured, Row

TITLE_WIDTH, CELL_WIDTH, GAIN_WIDTH = 34, 30, 19
SATURATED, HELD_UP = 0.9, 0.1


def render(results: Sequence[Measured], machine: Mapping[str, str], *, offer_deflate: bool) -> str:
    """Return the whole report."""
    rows = compare(results)
    names = [name for name in SERVERS if any(m.server == name for m in results)]
    parts = [
        _machine_lines(machine),
        _value_lines(rows, names),
        *(_gain_lines(rows, server.name) for server in SERVERS.values() if not server.is_ours),
        _limit_lines(rows),
        _deflate_lines(results, names, offer_deflate=offer_deflate),
        _trust_lines(results),
    ]
    return "\n".join("\n".join(lines) + "\n" for part in parts if (lines := list(part)))


def to_document(
    results: Sequence[Measured], machine: Mapping[str, str], *, offer_deflate: bool
) -> dict[str, Any]:
    """Return the run as plain JSON values: every reading, the medians, the gains."""
    rows = compare(results)
    return {
        "machine": dict(machine),
        "deflate_offered": offer_deflate,
        "readings": [asdict(measured) for measured in results],
        "metrics": {
            row.metric.name: {name: asdict(spread) for name, spread in row.spreads.items()}
            for row in rows
        },
        "gains": [_gain_document(gain) for row in rows for gain in row.gains],
    }


def _gain_document(gain: Gain) -> dict[str, Any]:
    return {
        "metric": gain.metric.name,
        "server": gain.server,
        "reference": gain.reference,
        "times": gain.times if math.isfinite(gain.times) else None,
        "bound": gain.bound,
        "aim": gain.aim,
        "is_met": gain.is_met,
    }


def format_value(value: float) -> str:
    """Return `value` with three significant digits or more, as people write it."""
    if value == 0 or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


def _machine_lines(machine: Mapping[str, str]) -> Iterator[str]:
    for group in (("cpu", "cores", "load average", "kernel"), ("python", "node")):
        yield ", ".join(f"{name} {machine[name]}" for name in group if name in machine)
    packages = list(machine)[6:]
    yield ", ".join(f"{name} {machine[name]}" for name in packages)


def _value_lines(rows: Iterable[Row], names: Sequence[str]) -> Iterator[str]:
    yield "median [lowest..highest of the rounds]"
    titles = (SERVERS[name].title for name in names)
    yield " " * TITLE_WIDTH + "".join(f"{title:>{CELL_WIDTH}}" for title in titles)
    for row in rows:
        cells = (_cell(row, name) for name in names)
        yield f"{row.metric.title:<{TITLE_WIDTH}}" + "".join(f"{c:>{CELL_WIDTH}}" for c in cells)


def _cell(row: Row, name: str) -> str:
    if name not in row.spreads:
        return "-"
    spread = row.spreads[name]
    low, high = format_value(spread.lowest), format_value(spread.highest)
    return f"{format_value(spread.median)} [{low}..{high}]"


def _gain_lines(rows: Sequence[Row], reference: str) -> Iterator[str]:
    """Yield the gains over one reference server, a row for each metric."""
    table = {row.metric: [g for g in row.gains if g.reference == reference] for row in rows}
    servers = list(dict.fromkeys(gain.server for gains in table.values() for gain in gains))
    if not servers:
        return
    yield f"times better than the {SERVERS[reference].title}, by medians"
    titles = ("must be", *(SERVERS[server].title for server in servers))
    yield " " * TITLE_WIDTH + "".join(f"{title:>{GAIN_WIDTH}}" for title in titles)
    for metric, gains in table.items():
        if gains:
            cells = (_demand(gains[0]), *(_verdict(gain) for gain in gains))
            yield f"{metric.title:<{TITLE_WIDTH}}" + "".join(f"{c:>{GAIN_WIDTH}}" for c in cells)


def _demand(gain: Gain) -> str:
    if gain.bound is None:
        return "-"
    return f"≥ {gain.bound:g}x" + (f" (aim {gain.aim:g}x)" if gain.aim else "")


def _verdict(gain: Gain) -> str:
    verdict = {None: "      ", True: " met  ", False: " SHORT"}[gain.is_met]
    return f"{gain.times:.2f}x{verdict}"


def _limit_lines(rows: Iterable[Row]) -> Iterator[str]:
    for row in rows:
        ours = [name for name in row.spreads if SERVERS[name].is_ours]
        for name in ours if row.metric.highest is not None else ():
            verdict = "SHORT" if name in row.breaches() else "met"
            title = SERVERS[name].title
            yield f"{row.metric.title}, {title}: must be {row.metric.highest:g}   {verdict}"


def _deflate_lines(
    results: Iterable[Measured], names: Iterable[str], *, offer_deflate: bool
) -> Iterator[str]:
    if not offer_deflate:
        yield "permessage-deflate was not offered"
        return
    accepted = {m.server for m in results if m.reading.is_deflated}
    answers = (f"{SERVERS[n].title} {'accepted' if n in accepted else 'declined'}" for n in names)
    yield f"permessage-deflate was offered: {', '.join(answers)}"


def _trust_lines(results: Sequence[Measured]) -> Iterator[str]:
    """Say what a reader must know before believing a number."""
    for (scenario, server), faults in faults_of(results).items():
        for fault, count in faults.items():
            yield f"FAULT {scenario}, {SERVERS[server].title}: {fault} ({count} times)"
    for scenario in dict.fromkeys(m.scenario for m in results):
        for server in dict.fromkeys(m.server for m in results if m.scenario == scenario):
            mine = [m for m in results if (m.scenario, m.server) == (scenario, server)]
            yield from _share_lines(scenario, SERVERS[server].title, mine)


def _share_lines(scenario: str, title: str, mine: Iterable[Measured]) -> Iterator[str]:
    readings = [m.reading for m in mine]
    busy = [r.server_busy for r in readings if r.server_busy is not None]
    held_up = [r.server_held_up for r in readings if r.server_held_up is not None]
    load = [r.load_busy for r in readings if r.load_busy is not None]
    if not busy or not held_up or not load:
        return
    line = f"{scenario}, {title}: server busy {max(busy):.0%} of its core, load {max(load):.0%}"
    if max(load) > SATURATED:
        line += "; THE LOAD WAS SATURATED"
    if max(held_up) > HELD_UP:
        line += f"; other programs held the server up {max(held_up):.0%} of the time"
    yield line
