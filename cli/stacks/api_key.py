"""Where the API keys of a deployment come from, and how each gets into its secret.

A key is never printed, never an argument, and leaves this process for Secrets Manager only.
"""

from __future__ import annotations

import getpass
import json
import os
import sys
from typing import TYPE_CHECKING, TextIO

from cli.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_secretsmanager import SecretsManagerClient

    from infra.settings.providers import ApiKey

# The shape that both ends of the secret agree on: it can be rotated without dropping anybody.
_FIELD = "current"


def read(secrets: SecretsManagerClient, secret_arn: str) -> str | None:
    """The key in the secret; None while there is nothing that the key gate would let pass."""
    from functions.custom_resource.secret import parse_whole

    try:
        return parse_whole(secrets.get_secret_value(SecretId=secret_arn).get("SecretString", ""))
    except secrets.exceptions.ResourceNotFoundException:
        return None
    except ValueError as error:
        print(f"the secret {secret_arn} {error}")
        return None


def store(secrets: SecretsManagerClient, secret_arn: str, key: str) -> None:
    """Make the key the secret's current value."""
    secrets.put_secret_value(SecretId=secret_arn, SecretString=json.dumps({_FIELD: key}))


def ask(
    wanted: ApiKey, environ: Mapping[str, str] | None = None, stdin: TextIO | None = None
) -> str:
    """Take the key from the environment, from a prompt, or from a line of standard input.

    Raises CommandError when none of them has it, or what comes can't be a key.
    """
    environ = os.environ if environ is None else environ
    stdin = sys.stdin if stdin is None else stdin
    if environ.get(wanted.variable, "").strip():
        return _checked(wanted, environ[wanted.variable])
    return _checked(wanted, _prompt(wanted) if stdin.isatty() else stdin.readline())


def _prompt(wanted: ApiKey) -> str:
    try:
        return getpass.getpass(f"{wanted.owner} API key (not shown): ")
    except EOFError:  # Ctrl-D
        return ""


def _checked(wanted: ApiKey, text: str) -> str:
    key = text.strip()
    if not key:
        raise CommandError(
            f"the {wanted.owner} API key is missing; set {wanted.variable}, type it at the prompt,"
            " or give it on standard input"
        )
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise CommandError(
            f"that is no {wanted.owner} API key: not one printable word; copy it again"
        )
    return key
