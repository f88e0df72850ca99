"""Secrets Manager on loopback: sockets and signatures are checked here, the service is moto's.

For callers that sign and send for themselves, which moto's patch of the SDK does not reach.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from moto import mock_aws

from tests.fakes.scripted_http import Received, Scripted, ScriptedServer, serve_http

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_secretsmanager import SecretsManagerClient

REGION = "us-east-1"
ACCESS_KEY_ID, SECRET_KEY, SESSION_TOKEN = "AKIDTEST", "aws-test-secret", "aws-test-session"
_AUTHORIZATION = re.compile(
    rf"AWS4-HMAC-SHA256 Credential={ACCESS_KEY_ID}/\d{{8}}/{REGION}/secretsmanager/aws4_request, "
    r"SignedHeaders=(?P<names>[a-z0-9;-]+), Signature=(?P<signature>[0-9a-f]{64})"
)
_MUST_BE_SIGNED = {"host", "x-amz-date", "x-amz-target", "x-amz-security-token"}


@dataclass(frozen=True)
class SecretStore:
    """The running service, and the account's view of it."""

    server: ScriptedServer
    client: SecretsManagerClient

    @property
    def environ(self) -> dict[str, str]:
        """Return what Lambda gives a function that may read these secrets."""
        return {
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_SESSION_TOKEN": SESSION_TOKEN,
            "AWS_ENDPOINT_URL_SECRETS_MANAGER": self.server.url,
        }

    def create(self, value: str | None = None) -> str:
        """Return the ARN of a new secret, which has no value unless one is given."""
        name = f"secret-{os.urandom(4).hex()}"
        if value is None:
            return self.client.create_secret(Name=name)["ARN"]
        return self.client.create_secret(Name=name, SecretString=value)["ARN"]

    def put(self, arn: str, value: str) -> None:
        """Give a secret another value."""
        self.client.put_secret_value(SecretId=arn, SecretString=value)

    def count_reads(self, arn: str) -> int:
        """Return how often a secret's value was asked for."""
        return sum(json.loads(seen.body)["SecretId"] == arn for seen in self.server.received)


@contextlib.contextmanager
def serve_secrets() -> Iterator[SecretStore]:
    """Serve an empty account until the block ends."""
    with mock_aws():
        # The address is given, since the environment may name this very server.
        real = f"https://secretsmanager.{REGION}.amazonaws.com"
        client = boto3.client("secretsmanager", region_name=REGION, endpoint_url=real)
        with serve_http(answer=lambda received: _answer(client, received)) as server:
            yield SecretStore(server, client)


def _answer(client: SecretsManagerClient, received: Received) -> Scripted:
    if not is_signed_well(received):
        return _refuse("com.amazon.coral.service#InvalidSignatureException")
    if received.headers["x-amz-target"] != "secretsmanager.GetSecretValue":
        return _refuse("UnknownOperationException")
    try:
        found: dict[str, Any] = dict(client.get_secret_value(**json.loads(received.body)))
    except ClientError as error:
        return _refuse(error.response["Error"]["Code"])
    return Scripted(body=json.dumps(found, default=str).encode())


def _refuse(code: str) -> Scripted:
    return Scripted(400, json.dumps({"__type": code, "Message": "refused by the fake"}).encode())


def is_signed_well(received: Received) -> bool:
    """Recompute the signature with botocore, over the headers that the caller says it signed."""
    match = _AUTHORIZATION.fullmatch(received.headers.get("authorization", ""))
    if match is None or not set(match["names"].split(";")) >= _MUST_BE_SIGNED:
        return False
    headers = {name: received.headers[name] for name in match["names"].split(";")}
    return match["signature"] == sign_with_botocore(headers, received.body)


def sign_with_botocore(headers: dict[str, str], body: bytes) -> str:
    """Return botocore's signature of a POST to `/` with these headers, all of them signed."""
    request = AWSRequest("POST", f"https://{headers['host']}/", headers=headers, data=body)
    request.context["timestamp"] = headers["x-amz-date"]
    identity = Credentials(ACCESS_KEY_ID, SECRET_KEY, headers.get("x-amz-security-token"))
    signer = SigV4Auth(identity, "secretsmanager", REGION)
    text = signer.string_to_sign(request, signer.canonical_request(request))
    signature: str = signer.signature(text, request)
    return signature
