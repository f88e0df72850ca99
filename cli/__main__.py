"""Entry point of `python -m cli`: reads the command line and hands over to one command's module.

A command is a module with `SUMMARY`, `add_arguments(parser)` and `run(arguments) -> int`.
"""

from __future__ import annotations

import argparse
import signal
import sys
from typing import TYPE_CHECKING, Protocol

from cli import cost, deploy, destroy, diff, talk
from cli.errors import CommandError
from cli.standard_output import checked_output
from cli.transcripts import command as transcripts

if TYPE_CHECKING:
    from collections.abc import Sequence


class Command(Protocol):
    """What every command's module offers."""

    SUMMARY: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the command's own arguments."""

    def run(self, arguments: argparse.Namespace) -> int:
        """Do it; returns the exit code. Raises CommandError."""
        ...


COMMANDS: dict[str, Command] = {
    "cost": cost,
    "deploy": deploy,
    "destroy": destroy,
    "diff": diff,
    "talk": talk,
    "transcripts": transcripts,
}


def main(arguments: Sequence[str]) -> int:
    """Run one command; returns its exit code. What a user can cause is told in one line."""
    teller = "speechctl"
    try:
        with checked_output():
            chosen = build_parser().parse_args(arguments)
            teller = f"speechctl {chosen.command}"
            return COMMANDS[chosen.command].run(chosen)
    except CommandError as error:
        print(f"{teller}: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def build_parser() -> argparse.ArgumentParser:
    """The command line of all commands."""
    parser = argparse.ArgumentParser(prog="speechctl")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    for name, command in COMMANDS.items():
        own = commands.add_parser(name, help=command.SUMMARY, description=command.SUMMARY)
        command.add_arguments(own)
    return parser


if __name__ == "__main__":
    # Ctrl-C ends a command also when a shell has started it with the signal ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(main(sys.argv[1:]))
