"""The current value of a secret in Secrets Manager, or what to type so that there is one.

The value is one bare word, or the JSON object `{"current", "previous", "previous_until"}`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from functions.custom_resource.failure import Failure
from functions.custom_resource.permissions import call_patiently

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

    from functions.custom_resource.deadline import Deadline

_PLACEHOLDERS = ("changeme", "change-me", "your", "<", "xxx", "todo", "placeholder")


class NoValue(Failure):
    """The secret holds nothing that could be a key."""


def open_secrets() -> SecretsManagerClient:
    """A client with short limits, so that a lost packet doesn't cost the function's time."""
    limits = Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 3})
    client: SecretsManagerClient = boto3.client("secretsmanager", config=limits)
    return client


def read_secret(client: SecretsManagerClient, secret_arn: str, deadline: Deadline) -> str:
    """The current value. Raises NoValue, or Failure when Secrets Manager refuses.

    A secret without a value answers ResourceNotFoundException for its stage AWSCURRENT:
    https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
    """
    try:
        answer = call_patiently(lambda: client.get_secret_value(SecretId=secret_arn), deadline)
    except client.exceptions.ResourceNotFoundException:
        raise NoValue(f"The secret {secret_arn} has no value") from None
    except ClientError as error:
        code = error.response["Error"]["Code"]
        raise Failure(f"Secrets Manager refused to read {secret_arn}: {code}") from None
    except BotoCoreError as error:
        name = type(error).__name__
        raise Failure(f"Secrets Manager can't be reached for {secret_arn}: {name}") from None
    try:
        return parse_current(answer.get("SecretString", ""))
    except ValueError as error:
        raise NoValue(f"The secret {secret_arn} {error}") from None


def parse_current(text: str) -> str:
    """The current value of a secret's text. Raises ValueError, which never quotes the text."""
    value = _pick_current(text.strip())
    if not isinstance(value, str) or not value.strip():
        raise ValueError("has no value")
    value = value.strip()
    if not (value.isascii() and value.isprintable()) or " " in value:
        raise ValueError("does not hold one printable ASCII word")
    if value.lower().startswith(_PLACEHOLDERS):
        raise ValueError("still holds a placeholder")
    return value


def _pick_current(text: str) -> object:
    if not text.startswith("{"):
        return text
    try:
        content = json.loads(text)
    except ValueError:
        # `from None`: the decoder's exception carries the whole document.
        raise ValueError("begins with { but is not JSON") from None
    return content.get("current")


def say_what_to_type(secret_arn: str, environment: str | None) -> str:
    """How a person gives the secret its value without showing it to shell or process list."""
    return (
        f"Run `make deploy ENV={environment or '<environment>'}`, which asks for the key, or run"
        f" `aws secretsmanager put-secret-value --secret-id {secret_arn} --secret-string"
        " file:///dev/stdin`, paste the key, press Enter and Ctrl-D; then deploy again"
    )
