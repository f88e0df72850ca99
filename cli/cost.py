"""`speechctl cost`: what an environment costs a month, and what a minute of conversation adds."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from cli.environment import add_environment_argument, read_environment

if TYPE_CHECKING:
    import argparse

    from cli.bill.statement import Statement
    from cli.bill.usage import Usage
    from infra.settings import Environment

SUMMARY = "what an environment costs on AWS, computed from its settings and dated prices"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `cost`."""
    add_environment_argument(parser)
    parser.add_argument("--json", action="store_true", help="for a program, with every assumption")


def run(arguments: argparse.Namespace) -> int:
    """Print the statement; returns the exit code. Raises CommandError."""
    from cli.bill.statement import write_json, write_tables
    from cli.bill.usage import Usage

    statement = make_statement(read_environment(arguments.environment), Usage())
    write = write_json if arguments.json else write_tables
    write(statement, sys.stdout)
    return 0


def make_statement(environment: Environment, usage: Usage) -> Statement:
    """Compute everything. Raises CommandError for a region without prices."""
    from cli.bill.idle import list_deployment_items, list_idle_items
    from cli.bill.minute import list_minute_items
    from cli.bill.prices import read_prices
    from cli.bill.statement import Statement

    prices = read_prices(environment.aws.region)
    return Statement(
        environment=environment.name,
        prices=prices,
        usage=usage,
        idle=list_idle_items(environment, prices, usage),
        deployment=list_deployment_items(environment, prices),
        minute=list_minute_items(environment, prices, usage),
        is_archived=environment.transcripts.archive,
    )
