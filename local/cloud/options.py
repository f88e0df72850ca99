"""What a run of the demo is told, validated once: arguments and environment variables."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CHECKOUT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How this run goes."""

    checkout: Path
    keep: bool
    """Leave the folder with logs and templates in any case, not only after a failure."""
    docker_host: str | None
    """The engine that runs the tasks as containers; without one they run as processes."""


def read_options(arguments: Sequence[str], environ: Mapping[str, str]) -> Options:
    """Return the options; a mistake ends the program with argparse's own line."""
    parser = argparse.ArgumentParser(
        prog="make demo",
        description="Deploy the stacks to an emulated AWS on loopback and hold a conversation.",
    )
    parser.add_argument("--keep", action="store_true", help="keep the folder with logs")
    chosen = parser.parse_args(arguments)
    return Options(
        checkout=CHECKOUT, keep=chosen.keep, docker_host=environ.get("DOCKER_HOST") or None
    )
