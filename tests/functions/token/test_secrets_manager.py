from __future__ import annotations

import json

import pytest

from functions.token.patience import Deadline
from functions.token.secrets_manager import SecretEmpty, SecretsManager, SecretUnavailable
from tests.fakes.scripted_http import Scripted, serve_http
from tests.fakes.secrets_manager import ACCESS_KEY_ID, SECRET_KEY, SESSION_TOKEN, SecretStore
from tests.fakes.token_endpoint import QUICK

KEY_VARIABLES = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
SNAPSTART_TOKEN = "snapstart-token"


def read(environ: dict[str, str], arn: str) -> str:
    return SecretsManager(environ).read(arn, Deadline.start(QUICK))


def without_keys(secrets: SecretStore) -> dict[str, str]:
    return {n: value for n, value in secrets.environ.items() if n not in KEY_VARIABLES}


def test_value_is_read_with_lambdas_credentials(secrets: SecretStore) -> None:
    """The signed request is one that the service accepts, session token included."""
    assert read(secrets.environ, secrets.create("the value")) == "the value"


def test_wrong_credentials_are_refused(secrets: SecretStore) -> None:
    """The service's name for the refusal is told, with the ARN."""
    arn = secrets.create("the value")
    with pytest.raises(SecretUnavailable, match="InvalidSignatureException") as refusal:
        read({**secrets.environ, "AWS_SECRET_ACCESS_KEY": "another"}, arn)
    assert arn in str(refusal.value)


def test_secret_without_value_is_empty(secrets: SecretStore) -> None:
    """A secret that was created and never filled is told apart from every other failure."""
    with pytest.raises(SecretEmpty, match="has no value"):
        read(secrets.environ, secrets.create())


def test_binary_secret_is_unavailable(secrets: SecretStore) -> None:
    """Only text can be a key."""
    arn = secrets.client.create_secret(Name="binary", SecretBinary=b"\x00")["ARN"]
    with pytest.raises(SecretUnavailable, match="is not a text"):
        read(secrets.environ, arn)


@pytest.mark.parametrize("body", [b"{}", b'{"SecretString": null}', b"not json"])
def test_answer_without_text_means_empty(secrets: SecretStore, body: bytes) -> None:
    """Emulators answer so for a secret that nobody has filled in."""
    with serve_http(Scripted(body=body)) as server:
        environ = {**secrets.environ, "AWS_ENDPOINT_URL_SECRETS_MANAGER": server.url}
        with pytest.raises(SecretEmpty, match="has no value"):
            read(environ, "arn")


def test_credentials_come_from_lambda_after_a_restore(secrets: SecretStore) -> None:
    """With SnapStart there are no keys in the environment but an address that gives them."""
    keys = {"AccessKeyId": ACCESS_KEY_ID, "SecretAccessKey": SECRET_KEY, "Token": SESSION_TOKEN}
    with serve_http(Scripted(body=json.dumps(keys).encode())) as server:
        environ = {
            **without_keys(secrets),
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{server.url}/2021-04-23/credentials",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": SNAPSTART_TOKEN,
        }
        assert read(environ, secrets.create("the value")) == "the value"
        assert server.received[0].headers["authorization"] == SNAPSTART_TOKEN


@pytest.mark.parametrize("body", [b"", b"[]", b'{"AccessKeyId": "A"}'])
def test_lambda_without_credentials_is_told(secrets: SecretStore, body: bytes) -> None:
    """An answer without keys ends in a sentence, not in a bad signature."""
    with serve_http(Scripted(403, body)) as server:
        environ = {
            **without_keys(secrets),
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": server.url,
        }
        with pytest.raises(SecretUnavailable, match="gave no AWS credentials"):
            read(environ, "arn")


def test_no_credentials_at_all_is_told(secrets: SecretStore) -> None:
    """Outside Lambda the missing environment is named."""
    with pytest.raises(SecretUnavailable, match="no AWS credentials in the environment"):
        read(without_keys(secrets), "arn")


@pytest.mark.parametrize(
    ("variables", "host"),
    [
        ({}, "https://secretsmanager.eu-west-1.amazonaws.com"),
        ({"AWS_REGION": "cn-north-1"}, "https://secretsmanager.cn-north-1.amazonaws.com.cn"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:4566/"}, "http://127.0.0.1:4566"),
        (
            {
                "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
                "AWS_ENDPOINT_URL_SECRETS_MANAGER": "http://127.0.0.1:2",
            },
            "http://127.0.0.1:2",
        ),
    ],
)
def test_endpoint_is_the_regions_or_the_chosen_one(variables: dict[str, str], host: str) -> None:
    """The SDK's variables lead to another endpoint, the service's own one first."""
    manager = SecretsManager({"AWS_REGION": "eu-west-1", **variables})
    assert manager.find_endpoint(variables.get("AWS_REGION", "eu-west-1")) == host


def test_plain_endpoint_elsewhere_is_refused(secrets: SecretStore) -> None:
    """Credentials go to no other machine without TLS."""
    environ = {**secrets.environ, "AWS_ENDPOINT_URL_SECRETS_MANAGER": "http://192.0.2.1"}
    with pytest.raises(SecretUnavailable, match="AWS_ENDPOINT_URL is not a plain https"):
        read(environ, "arn")
