"""The current value of a secret in Secrets Manager, or what to type so that there is one.

The value is one bare word, or the JSON object `{"current", "previous", "previous_until"}`.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from functions.custom_resource.failure import Failure
from functions.custom_resource.permissions import call_patiently

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_secretsmanager import SecretsManagerClient

    from functions.custom_resource.deadline import Deadline

_NAMES = frozenset({"current", "previous", "previous_until"})
_LATEST_EPOCH_SECONDS = 1e11  # anything above was written in milliseconds
_PLACEHOLDERS = ("changeme", "change-me", "your", "<", "xxx", "todo", "placeholder")


class NoValue(Failure):
    """The secret holds nothing that could be a key."""


def open_secrets() -> SecretsManagerClient:
    """A client with short limits, so that a lost packet doesn't cost the function's time."""
    limits = Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 3})
    client: SecretsManagerClient = boto3.client("secretsmanager", config=limits)
    return client


def read_secret(
    client: SecretsManagerClient,
    secret_arn: str,
    deadline: Deadline,
    parse: Callable[[str], str] | None = None,
) -> str:
    """The current value, by `parse_current` or another parser.

    Raises NoValue, or Failure when Secrets Manager refuses.
    A secret without a value answers ResourceNotFoundException for its stage AWSCURRENT:
    https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
    """
    try:
        answer = call_patiently(lambda: client.get_secret_value(SecretId=secret_arn), deadline)
    except client.exceptions.ResourceNotFoundException:
        raise NoValue(f"The secret {secret_arn} has no value") from None
    except client.exceptions.InvalidRequestException:
        # https://docs.aws.amazon.com/secretsmanager/latest/userguide/manage_delete-secret.html
        raise NoValue(f"The secret {secret_arn} is marked for deletion; restore it") from None
    except ClientError as error:
        code = error.response["Error"]["Code"]
        raise Failure(f"Secrets Manager refused to read {secret_arn}: {code}") from None
    except BotoCoreError as error:
        name = type(error).__name__
        raise Failure(f"Secrets Manager can't be reached for {secret_arn}: {name}") from None
    try:
        return (parse or parse_current)(answer.get("SecretString", ""))
    except ValueError as error:
        raise NoValue(f"The secret {secret_arn} {error}") from None


def parse_current(text: str) -> str:
    """The current value of a secret's text. Raises ValueError, which never quotes the text."""
    return _check_word(_read_content(text).get("current"))


def parse_whole(text: str) -> str:
    """The current value of a text that the server takes as well, whose tasks read all of it.

    Raises ValueError, which never quotes the text.
    """
    content = _read_content(text)
    if content.keys() - _NAMES:
        raise ValueError("has JSON names other than current, previous and previous_until")
    if previous := content.get("previous"):
        _check_word(previous)
        if not _is_moment(content.get("previous_until")):
            raise ValueError("has a 'previous' without 'previous_until', as 2030-01-31T12:00Z")
    return _check_word(content.get("current"))


def _read_content(text: str) -> dict[str, object]:
    text = text.strip()
    if not text.startswith("{"):
        return {"current": text}
    try:
        return dict(json.loads(text))
    except (ValueError, RecursionError):
        # `from None`: the decoder's exception carries the whole document.
        raise ValueError("begins with { but is not JSON") from None


def _check_word(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("has no value")
    value = value.strip()
    if not (value.isascii() and value.isprintable()) or " " in value:
        raise ValueError("does not hold one printable ASCII word")
    if value.lower().startswith(_PLACEHOLDERS):
        raise ValueError("still holds a placeholder")
    return value


def _is_moment(value: object) -> bool:
    """Whether it is epoch seconds, or an ISO time with its zone."""
    if value is None or isinstance(value, bool):
        return False
    try:
        return 0 <= float(str(value)) < _LATEST_EPOCH_SECONDS
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return False
    return moment.tzinfo is not None and moment.timestamp() >= 0


def say_what_to_type(secret_arn: str, environment: str | None) -> str:
    """How a person gives a secret without value one, not shown to shell or process list."""
    deploy = f"`make deploy ENV={environment or '<environment>'}`"
    return f"Run {deploy}, which asks for the key, or run {_put(secret_arn)}; then deploy again"


def say_how_to_replace(secret_arn: str, environment: str | None) -> str:
    """The same for a value that is there and does not work: a deployment asks for none then."""
    deploy = f"`make deploy ENV={environment or '<environment>'}`"
    return f"For another key, run {_put(secret_arn)}; then {deploy}"


def _put(secret_arn: str) -> str:
    return (
        f"`aws secretsmanager put-secret-value --secret-id {secret_arn} --secret-string"
        " file:///dev/stdin`, paste the key, press Enter and Ctrl-D"
    )
