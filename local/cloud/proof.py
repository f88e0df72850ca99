"""The table at the end: what was proven, and what no emulator can prove."""

from __future__ import annotations

from typing import TextIO

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

NOT_PROVEN = (
    ("ElevenLabs itself", "a simulator of its documented interfaces stands in"),
    ("permissions", "the emulator lets everybody do everything; template tests judge the policies"),
    ("the network", "security groups, subnets and CloudFront's way in are recorded, not enforced"),
    ("TLS of ACM and CloudFront", "the certificate here is of this run's own authority"),
    ("deployments without a cut", "no blue/green, no deregistration delay, no task protection"),
    ("Fargate", "its limits, its starts, its replacement of dead tasks"),
    ("alarms, budget, WAF, scaling", "accepted by the emulator, and without effect there"),
    ("speed and cost", "nothing here is as fast, as slow or as dear as AWS"),
)


class Proof:
    """Gathers what a run has shown."""

    def __init__(self) -> None:
        self._rows: list[tuple[str, str]] = []

    def add(self, what: str, how: str) -> None:
        """Note one thing that was seen, with what was seen."""
        self._rows.append((what, how))

    def show(self, stream: TextIO) -> None:
        """Write both tables."""
        console = Console(file=stream, width=None if stream.isatty() else 110, highlight=False)
        console.print()
        console.print(_table("Proven", "seen", self._rows))
        console.print(_table("What an emulator cannot prove", "why", NOT_PROVEN))


def _table(
    title: str, second: str, rows: list[tuple[str, str]] | tuple[tuple[str, str], ...]
) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column(title, no_wrap=True, style="bold")
    table.add_column(second)
    for row in rows:
        table.add_row(*row)
    return table
