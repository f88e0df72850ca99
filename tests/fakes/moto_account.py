"""An AWS account inside the process, by moto: its environment, and secrets in it.

Opened once a module: the SDK reads its service models anew with each.
"""

from __future__ import annotations

import os
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING
from unittest.mock import patch

import boto3
from moto import mock_aws

if TYPE_CHECKING:
    from collections.abc import Iterator

ENVIRONMENT = {
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_EC2_METADATA_DISABLED": "true",
}


@contextmanager
def open_account() -> Iterator[None]:
    """Let the SDK's clients reach this account and no other until the block ends."""
    with patch.dict(os.environ, ENVIRONMENT), mock_aws():
        yield


def make_secret(value: str | None) -> str:
    """Create a secret, with None one without a value; returns its ARN."""
    client = boto3.client("secretsmanager")
    name = f"secret-{uuid.uuid4().hex}"
    if value is None:
        return client.create_secret(Name=name)["ARN"]
    return client.create_secret(Name=name, SecretString=value)["ARN"]


def put_secret(secret_arn: str, value: str) -> None:
    """Give a secret another value."""
    boto3.client("secretsmanager").put_secret_value(SecretId=secret_arn, SecretString=value)
