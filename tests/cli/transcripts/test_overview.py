from __future__ import annotations

import io

import pytest
from rich.console import Console

from cli.transcripts.overview import make_table
from functions.transcripts.records import read_head
from tests.fakes.transcript_items import make_head

NAME = "conv_01jxd5y165f62a0v7gtr6bkg56"
ENDED = {"ended_at": "2026-11-21T09:12:05.000Z", "ending": "disconnected"}
USER = "4f9c2a1e-0b1d-4e55-9a7e-1c2d3e4f5a6b"
HEADS = [
    read_head(make_head(NAME, turns=12, messages=24, user=USER, **ENDED)),
    read_head(make_head("conv_b")),
]


def show(width: int) -> list[str]:
    """The lines of a terminal that is so wide."""
    output = io.StringIO()
    Console(file=output, width=width).print(make_table(HEADS, width))
    return [line.rstrip() for line in output.getvalue().splitlines()]


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (60, f"2026-11-21 09:00  {NAME}   12:05"),
        (80, f"2026-11-21 09:00  {NAME}     12   12:05  disconnected"),
        (100, f"2026-11-21 09:00  {NAME}     12        24   12:05  disconnected  agent"),
        (120, f"2026-11-21 09:00  {NAME}     12   12:05  disconnected  {USER}"),
        (160, f"2026-11-21 09:00:00  {NAME}     12        24   12:05  disconnected  agent  {USER}"),
    ],
)
def test_a_conversation_is_one_line_of_what_fits(width: int, shown: str) -> None:
    """Time and id are whole; the less a column is needed, the sooner it is left out, never cut."""
    lines = show(width)
    assert lines[2] == shown
    assert len(lines) == 2 + len(HEADS)
    assert max(map(len, lines)) <= width


def test_a_conversation_is_two_lines_where_one_is_too_short() -> None:
    """In 40 columns the id stands below the time, and how long it lasted beside both."""
    lines = show(40)
    assert lines[3:] == [
        f"2026-11-21 09:00{'12:05':>23}",
        NAME,
        "2026-11-21 09:00",
        "conv_b",
    ]
    assert max(map(len, lines)) <= 40


def test_an_id_longer_than_a_line_is_folded() -> None:
    """Nothing of an id is left out, however narrow the terminal is."""
    assert NAME in "".join(show(20))
