"""`speechctl diff`: what a deployment of an environment would change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.environment import add_environment_argument, read_environment
from cli.stacks.account import open_account, readable_errors
from cli.stacks.toolkit import synthesize

if TYPE_CHECKING:
    import argparse

SUMMARY = "show what a deployment would change: make diff ENV=dev"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `diff`."""
    add_environment_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    """Compare every stack with what is deployed; returns the exit code. Raises CommandError."""
    environment = read_environment(arguments.environment)
    with readable_errors():
        open_account(environment)
        with synthesize(arguments.environment) as toolkit:
            toolkit.diff()
    return 0
