"""How commands are told which environment they are about."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cli.errors import CommandError

if TYPE_CHECKING:
    import argparse

    from infra.settings import Environment


def add_environment_argument(parser: argparse.ArgumentParser) -> None:
    """Declare `-e NAME`; the variable ENV, as make passes it, is the default."""
    parser.add_argument(
        "-e",
        "--env",
        dest="environment",
        metavar="NAME",
        default=os.environ.get("ENV", ""),
        help="a file of environments/ without its ending, or a path that ends in .toml",
    )


def read_environment(name: str) -> Environment:
    """The environment's settings. Raises CommandError with every mistake in them."""
    from infra.settings import SettingsError, load_environment

    if not name:
        raise CommandError("which environment? say ENV=dev to make, or --env dev to speechctl")
    try:
        return load_environment(name)
    except SettingsError as error:
        raise CommandError("\n  ".join(error.problems)) from None
