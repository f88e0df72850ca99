"""What a run of the demo is told, validated once: arguments and environment variables."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CHECKOUT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How this run goes."""

    checkout: Path
    stay: bool
    """Wait before everything is destroyed, so that a person can look around."""
    keep: bool
    """Leave the folder with logs and templates in any case, not only after a failure."""
    tasks: Literal["auto", "containers", "processes"]
    """Tasks run as containers where an engine answers (auto), always, or never."""
    environ: Mapping[str, str] = field(repr=False)
    """Where Docker clients look for their engine."""


def read_options(arguments: Sequence[str], environ: Mapping[str, str]) -> Options:
    """Return the options; a mistake ends the program with argparse's own line."""
    parser = argparse.ArgumentParser(
        prog="make demo",
        description="Deploy the stacks to an emulated AWS on loopback and hold a conversation.",
    )
    parser.add_argument(
        "--stay", action="store_true", help="wait before everything is destroyed, to look around"
    )
    parser.add_argument("--keep", action="store_true", help="keep the folder with logs")
    parser.add_argument(
        "--tasks",
        choices=("auto", "containers", "processes"),
        default="auto",
        help="run tasks as containers where a Docker engine answers (auto), always or never",
    )
    chosen = parser.parse_args(arguments)
    return Options(
        checkout=CHECKOUT,
        stay=chosen.stay,
        keep=chosen.keep,
        tasks=chosen.tasks,
        environ=environ,
    )
