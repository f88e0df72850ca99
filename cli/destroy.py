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
_RETAINED = {"Retain", "RetainExceptOnCreate"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `destroy`."""
    add_environment_argument(parser)
    parser.add_argument("--yes", action="store_true", help="do not ask")


def run(arguments: argparse.Namespace) -> int:
    """Delete every stack, last first; returns the exit code. Raises CommandError."""
    environment = read_environment(arguments.environment)
    with readable_errors():
        account = open_account(environment)
        refuse_protected(account)
        if not arguments.yes:
            _confirm(account)
        kept, log_groups = list_kept(account), leftovers.log_groups(account)
        with synthesize(arguments.environment) as toolkit:
            _destroy(account, toolkit)
        _tell_rest(account, kept, log_groups - set(kept))
    return 0


def _confirm(account: Account) -> None:
    name = account.environment.name
    what = f"{account.prefix()} in {account.place()}"
    if not sys.stdin.isatty():
        raise CommandError(f"this deletes {what}; say --yes where nobody can be asked")
    try:
        answer = input(f"Type {name} to delete all of {what}: ")
    except EOFError:
        answer = ""
    if answer.strip() != name:
        raise CommandError("nothing was deleted")


def refuse_protected(account: Account) -> None:
    """Raise CommandError while the file or a deployed stack forbids it, before anything is done."""
    name = account.environment.name
    if account.environment.data.deletion_protection:
        raise CommandError(
            "data.deletion_protection is on; set it to false, run"
            f" `make deploy ENV={name}`, then destroy"
        )
    if held := [account.stack_name(stack) for stack in STACKS if account.refuses_deletion(stack)]:
        raise CommandError(
            f"{', '.join(held)}: deployed with data.deletion_protection, which only the file has"
            f" off; run `make deploy ENV={name}`, then destroy"
        )


def list_kept(account: Account) -> list[str]:
    """What stays, by the templates as they are deployed: the file may have changed since."""
    return [
        item.physical_id
        for stack in STACKS
        for resources in [account.template(stack).get("Resources", {})]
        for item in account.resources(stack)
        if resources.get(item.logical_id, {}).get("DeletionPolicy") in _RETAINED
    ]


def _destroy(account: Account, toolkit: Toolkit) -> None:
    leftovers.stop_access_logs(account)
    for stack in reversed(STACKS):
        if not account.exists(stack):
            continue
        if stack == "Foundation":
            leftovers.wait_for_interfaces(account)
            leftovers.remove_origin_group(account)
        if stack == "Realtime":
            _destroy_with_log(account, toolkit)
        else:
            toolkit.destroy(account.stack_name(stack))


def _destroy_with_log(account: Account, toolkit: Toolkit) -> None:
    """Empty the access log's bucket, again after a failure: files come for some minutes more."""
    name = account.stack_name("Realtime")
    leftovers.empty_access_log(account)
    try:
        toolkit.destroy(name)
    except CommandError:
        leftovers.empty_access_log(account)
        toolkit.destroy(name)


def _tell_rest(account: Account, kept: list[str], log_groups: set[str]) -> None:
    for name in leftovers.remove_log_groups(account, log_groups):
        print(f"removed log group {name}")
    for record in leftovers.validation_records(account):
        print(f"left in your hosted zone: {record} (ACM's proof; other certificates may need it)")
    for resource in kept:
        print(f"retained, as data.retain was on, and billed: {resource}")
    print(f"{account.environment.name} is gone; images and files of past deployments are in the")
    print("CDK's bootstrap bucket and repository, which `npx cdk gc --unstable=gc` empties")
