from __future__ import annotations

import argparse
import io
import json
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws

from cli.deploy import deploy_rest, ensure_keys, run
from cli.errors import CommandError
from cli.stacks.account import Account
from cli.stacks.rollout import Rollout
from cli.stacks.toolkit import Toolkit
from infra.settings import load_environment
from infra.settings.providers import KEY_VARIABLES
from tests.fakes.aws_account import FakeAws, FakeStack, fake_account, starting_deployment
from tests.fakes.environments import FROZEN, environment_with

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

KEY = "sk_test_deploy"


class DeployedFoundation(Account):
    """An account that has got as far as the first stack."""

    secret_arn: str

    def outputs(self, stack: str) -> dict[str, str]:
        secrets = self.session.client("secretsmanager").list_secrets()["SecretList"]
        return {f"{secret['Name']}SecretArn": secret["ARN"] for secret in secrets}


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[DeployedFoundation]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    for name in KEY_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    with mock_aws():
        session = boto3.Session(region_name="us-east-1")
        found = DeployedFoundation(session, load_environment("dev"))
        secrets: SecretsManagerClient = session.client("secretsmanager")
        found.secret_arn = secrets.create_secret(Name="ApiKey")["ARN"]
        yield found


def put(account: DeployedFoundation, text: str) -> None:
    secrets = account.session.client("secretsmanager")
    secrets.put_secret_value(SecretId=account.secret_arn, SecretString=text)


def stored(account: DeployedFoundation, name: str = "ApiKey") -> str:
    secrets = account.session.client("secretsmanager")
    return secrets.get_secret_value(SecretId=name)["SecretString"]


def test_deploy_asks_while_the_secret_holds_a_placeholder(
    account: DeployedFoundation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A value that the key gate refuses is replaced by the key that is given."""
    put(account, "changeme")
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{KEY}\n"))
    ensure_keys(account)
    assert KEY in stored(account)


def test_deploy_leaves_a_key_alone(
    account: DeployedFoundation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key that is there stays, whatever the environment offers."""
    put(account, KEY)
    monkeypatch.setenv("ELEVENLABS_API_KEY", "sk_test_other")
    ensure_keys(account)
    assert stored(account) == KEY


def test_deploy_refuses_a_stored_key_of_another_residency(account: DeployedFoundation) -> None:
    """A key that came into the secret by other ways is held to elevenlabs.host too."""
    put(account, f"{KEY}_residency_eu")
    with pytest.raises(CommandError, match="residency 'eu'") as refusal:
        ensure_keys(account)
    assert KEY not in str(refusal.value)


def test_deploy_asks_for_the_keys_of_its_models(
    account: DeployedFoundation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each missing key is a line of standard input, in the order of the models, or a variable."""
    for name in ("OpenAiKey", "GeminiKey"):
        account.session.client("secretsmanager").create_secret(Name=name)
    models = [
        "openai/gpt-5.4-mini",
        "bedrock/amazon.nova-micro-v1:0",
        "gemini/gemini-3.1-flash-lite",
    ]
    account.environment = environment_with({"agent.models": models})
    monkeypatch.setenv("GEMINI_API_KEY", "test-gemini")
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{KEY}\ntest-openai\n"))
    ensure_keys(account)
    assert json.loads(stored(account)) == {"current": KEY}
    assert json.loads(stored(account, "OpenAiKey")) == {"current": "test-openai"}
    assert json.loads(stored(account, "GeminiKey")) == {"current": "test-gemini"}


class Refused(Toolkit):
    """A CDK whose deployment fails."""

    def deploy(self, *stacks: str) -> None:
        raise CommandError("`cdk deploy` failed")


def test_deploy_ends_with_the_cause_of_a_stopped_deployment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """When the watch ended the creation, the command's last line says so rather than the CDK."""

    @contextmanager
    def watching_once(rollout: Rollout) -> Iterator[None]:
        rollout.check()
        yield

    monkeypatch.setattr("cli.deploy.watching", watching_once)
    resources = [("AWS::ECS::Cluster", "C", "cluster"), ("AWS::ECS::Service", "S", "a/service")]
    stack = FakeStack(resources=resources, status="CREATE_IN_PROGRESS")
    late = starting_deployment(datetime.now(UTC) - timedelta(minutes=11), is_first=True)
    aws = FakeAws(
        stacks={"SpeechEngine-dev-Realtime": stack}, deployments=[late], service_events=["no room"]
    )
    with pytest.raises(CommandError, match=r"^no healthy tasks .* stack is deleted.*: no room$"):
        deploy_rest(fake_account(aws), Refused(Path()))
    assert aws.calls[-1] == ("delete_stack", {"StackName": "SpeechEngine-dev-Realtime"})


def test_deploy_tells_other_failures_as_they_are() -> None:
    """A deployment that the watch had no part in ends with the CDK's own failure."""
    with pytest.raises(CommandError, match=r"^`cdk deploy` failed$"):
        deploy_rest(fake_account(FakeAws()), Refused(Path()))


def test_deploy_names_the_file_whose_placeholders_are_left(tmp_path: Path) -> None:
    """Whoever gives a path is told that path, and nothing of AWS is asked."""
    file = tmp_path / "mine.toml"
    shutil.copy(FROZEN / "prod.toml", file)
    for given in (str(file), "prod"):
        told = given if given.endswith(".toml") else "environments/prod.toml"
        with pytest.raises(CommandError, match=f"^{re.escape(told)} still has the example's "):
            run(argparse.Namespace(environment=given))
