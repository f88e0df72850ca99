"""`speechctl destroy`: an environment out of an AWS account, with nothing left that is billed."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from cli.environment import add_environment_argument, read_environment
from cli.errors import CommandError
from cli.stacks import leftovers
from cli.stacks.account import STACKS, Account, open_account, readable_errors
from cli.stacks.toolkit import Toolkit, synthesize

if TYPE_CHECKING:
    import argparse

SUMMARY = "destroy an environment: make destroy ENV=dev"
_RETAINED = {"AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable", "AWS::SecretsManager::Secret"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `destroy`."""
    add_environment_argument(parser)
    parser.add_argument("--yes", action="store_true", help="do not ask")


def run(arguments: argparse.Namespace) -> int:
    """Delete every stack, last first; returns the exit code. Raises CommandError."""
    environment = read_environment(arguments.environment)
    with readable_errors():
        account = open_account(environment)
        if not arguments.yes:
            _confirm(account)
        _refuse_protected(account)
        kept = _kept(account)
        with synthesize(arguments.environment) as toolkit:
            _destroy(account, toolkit)
        _tell_rest(account, kept)
    return 0


def _confirm(account: Account) -> None:
    name = account.environment.name
    if not sys.stdin.isatty():
        raise CommandError(f"this deletes {account.prefix()}; say --yes where nobody can be asked")
    if input(f"Type {name} to delete all of {account.prefix()}: ").strip() != name:
        raise CommandError("nothing was deleted")


def _refuse_protected(account: Account) -> None:
    if account.environment.data.deletion_protection:
        raise CommandError(
            "data.deletion_protection is on; set it to false, run"
            f" `make deploy ENV={account.environment.name}`, then destroy"
        )


def _kept(account: Account) -> list[str]:
    """What stays because the environment retains its data."""
    if not account.environment.data.retain:
        return []
    resources = account.resources("Foundation")
    return [item.physical_id for item in resources if item.kind in _RETAINED]


def _destroy(account: Account, toolkit: Toolkit) -> None:
    leftovers.stop_access_logs(account)
    for stack in reversed(STACKS):
        if not account.exists(stack):
            continue
        if stack == "Foundation":
            leftovers.wait_for_interfaces(account)
        toolkit.destroy(account.stack_name(stack))


def _tell_rest(account: Account, kept: list[str]) -> None:
    for name in leftovers.remove_log_groups(account):
        print(f"removed log group {name}")
    for record in leftovers.validation_records(account):
        print(f"left in your hosted zone: {record} (ACM's proof; other certificates may need it)")
    for resource in kept:
        print(f"retained by data.retain, and billed: {resource}")
    print(f"{account.environment.name} is gone; images and files of past deployments are in the")
    print("CDK's bootstrap bucket and repository, which `npx cdk gc --unstable=gc` empties")
