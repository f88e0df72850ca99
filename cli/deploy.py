"""`speechctl deploy`: an environment into an AWS account, keys first, then all that needs them."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from cli.environment import add_environment_argument, read_environment
from cli.errors import CommandError
from cli.stacks import api_key, leftovers
from cli.stacks.account import STACKS, Account, open_account, readable_errors
from cli.stacks.rollout import Rollout, watching
from cli.stacks.stopped_task import StoppedTasks
from cli.stacks.summary import print_summary
from cli.stacks.toolkit import Toolkit, synthesize
from cli.stacks.weights import check_weights
from cli.stacks.zones import check_zones

if TYPE_CHECKING:
    import argparse

    from infra.settings import Environment
    from infra.settings.providers import ApiKey

SUMMARY = "deploy an environment: make deploy ENV=dev"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `deploy`."""
    add_environment_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    """Deploy every stack of the environment; returns the exit code. Raises CommandError."""
    environment = read_environment(arguments.environment)
    _refuse_placeholders(environment, arguments.environment)
    with readable_errors():
        account = open_account(environment)
        check_zones(account)
        with synthesize(arguments.environment) as toolkit:
            leftovers.release_failed_creations(account)
            check_weights(account, toolkit.assembly)
            toolkit.deploy(account.stack_name("Foundation"))
            ensure_keys(account)
            deploy_rest(account, toolkit)
        print_summary(account, sys.stdout)
    return 0


def _refuse_placeholders(environment: Environment, name_or_path: str) -> None:
    from infra.settings.placeholders import placeholders

    if keys := placeholders(environment):
        is_path = name_or_path.endswith(".toml")
        file = name_or_path if is_path else f"environments/{name_or_path}.toml"
        raise CommandError(
            f"{file} still has the example's {', '.join(keys)}; put your own values there"
        )


def ensure_keys(account: Account) -> None:
    """Ask for each key whose secret holds none; raise CommandError if one can't work here."""
    from infra.settings.providers import ELEVENLABS_KEY

    for wanted in (ELEVENLABS_KEY, *account.environment.agent.keys):
        _ensure_key(account, wanted)


def _ensure_key(account: Account, wanted: ApiKey) -> None:
    from infra.settings.providers import ELEVENLABS_KEY
    from infra.settings.residency import check_key

    secrets = account.session.client("secretsmanager")
    secret_arn = account.outputs("Foundation")[wanted.output]
    known = api_key.read(secrets, secret_arn)
    key = known or api_key.ask(wanted, os.environ, sys.stdin)
    if wanted == ELEVENLABS_KEY:
        try:
            check_key(account.environment.elevenlabs.host, key)
        except ValueError as error:
            raise CommandError(str(error)) from None
    if known is None:
        api_key.store(secrets, secret_arn, key)
        print(f"the {wanted.owner} API key is in its secret")


def deploy_rest(account: Account, toolkit: Toolkit) -> None:
    """Deploy all but the first stack, and watch the service.

    Raises CommandError; with the cause in it where this watch has stopped the deployment.
    """

    def find_service() -> tuple[str, str] | None:
        cluster = account.first("Realtime", "AWS::ECS::Cluster")
        service = account.first("Realtime", "AWS::ECS::Service")
        return (cluster.physical_id, service.physical_id) if cluster and service else None

    ecs = account.session.client("ecs")
    rollout = Rollout(
        ecs,
        find_service,
        abandon=lambda: leftovers.abandon_creation(account),
        explain=StoppedTasks(ecs, account.session.client("logs")).explain,
    )
    paths = [account.stack_name(stack) for stack in STACKS[1:]]
    try:
        with watching(rollout):
            toolkit.deploy(*paths)
    except CommandError as error:
        raise CommandError(rollout.verdict or str(error)) from None
