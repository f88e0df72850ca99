"""`speechctl transcripts`: the subcommands, and what they have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.transcripts import delete, export, listing, restore, show, tail

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable
    from types import ModuleType

SUMMARY = "read, export, delete and restore what was said"

_SUBCOMMANDS: dict[str, ModuleType] = {
    "list": listing,
    "show": show,
    "tail": tail,
    "export": export,
    "delete": delete,
    "restore": restore,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the subcommands."""
    commands = parser.add_subparsers(dest="subcommand", required=True, metavar="subcommand")
    for name, module in _SUBCOMMANDS.items():
        own = commands.add_parser(name, help=module.SUMMARY, description=module.SUMMARY)
        module.add_arguments(own)
        own.set_defaults(run_subcommand=module.run)


def run(arguments: argparse.Namespace) -> int:
    """Do what the subcommand does; returns the exit code. Raises CommandError."""
    run_subcommand: Callable[[argparse.Namespace], int] = arguments.run_subcommand
    return run_subcommand(arguments)
