from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws

from cli.errors import CommandError
from cli.stacks import api_key
from infra.settings.providers import ELEVENLABS_KEY, PROVIDERS

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

KEY = "sk_test_deploy"


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> Iterator[SecretsManagerClient]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield boto3.client("secretsmanager", region_name="us-east-1")


def test_ask_prefers_environment() -> None:
    """The key is taken from ELEVENLABS_API_KEY without asking anybody."""
    assert (
        api_key.ask(ELEVENLABS_KEY, {"ELEVENLABS_API_KEY": f" {KEY}\n"}, io.StringIO("other"))
        == KEY
    )


def test_ask_reads_standard_input() -> None:
    """In a pipe the key is the first line of standard input."""
    assert api_key.ask(ELEVENLABS_KEY, {}, io.StringIO(f"{KEY}\n")) == KEY


@pytest.mark.parametrize("text", ["", "\n", "two words\n", "käse\n"])
def test_ask_refuses_what_is_no_key(text: str) -> None:
    """An empty or unusable key is refused in a line that does not repeat it."""
    with pytest.raises(CommandError) as refusal:
        api_key.ask(ELEVENLABS_KEY, {}, io.StringIO(text))
    assert "\n" not in str(refusal.value)
    assert "two words" not in str(refusal.value)


def test_ask_names_whose_key_it_wants() -> None:
    """Of several keys a person is told which one is missing, and in which variable it may be."""
    anthropic = PROVIDERS["anthropic"].key
    assert anthropic is not None
    assert api_key.ask(anthropic, {"ANTHROPIC_API_KEY": KEY}) == KEY
    with pytest.raises(CommandError, match="the Anthropic API key is missing; set ANTHROPIC_API_K"):
        api_key.ask(anthropic, {"ELEVENLABS_API_KEY": KEY}, io.StringIO())


def test_ask_takes_the_end_of_input_for_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-D at the prompt is told as a missing key."""

    def end(_prompt: str) -> str:
        raise EOFError

    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr("getpass.getpass", end)
    with pytest.raises(CommandError, match="is missing"):
        api_key.ask(ELEVENLABS_KEY, {}, terminal)


def test_read_finds_nothing_in_a_new_secret(secrets: SecretsManagerClient) -> None:
    """A secret that was created without a value counts as empty."""
    arn = secrets.create_secret(Name="key")["ARN"]
    assert api_key.read(secrets, arn) is None


@pytest.mark.parametrize("text", [" ", "changeme", '{"current": ""}', '{"current": "sk_', "{}"])
def test_read_finds_nothing_that_the_key_gate_refuses(
    secrets: SecretsManagerClient, text: str
) -> None:
    """What the key gate would stop at counts as empty, so that a deployment asks for the key."""
    arn = secrets.create_secret(Name="key", SecretString=text)["ARN"]
    assert api_key.read(secrets, arn) is None


def test_store_writes_the_rotatable_form(secrets: SecretsManagerClient) -> None:
    """What is stored is the JSON object that server and functions read."""
    arn = secrets.create_secret(Name="key")["ARN"]
    api_key.store(secrets, arn, KEY)
    assert json.loads(secrets.get_secret_value(SecretId=arn)["SecretString"]) == {"current": KEY}
    assert api_key.read(secrets, arn) == KEY
