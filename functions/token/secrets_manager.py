"""Reading one secret's value from AWS Secrets Manager, as the function's role. Keeps nothing.

https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from functions.token.aws_signature import Credentials, Scope, sign_post
from functions.token.exchange import Request, check_url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from functions.token.exchange import Answer
    from functions.token.patience import Deadline

_SERVICE = "secretsmanager"


class SecretUnavailable(Exception):
    """Secrets Manager gave no value; the message is for the operator and holds no secret."""


class SecretEmpty(SecretUnavailable):
    """The secret is there and has no value yet, or is not there."""


class SecretsManager:
    """Reads secrets with the credentials and the region of Lambda's environment."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def read(self, arn: str, deadline: Deadline) -> str:
        """Return a secret's current text. Raises SecretEmpty, SecretUnavailable, Unreachable."""
        body = json.dumps({"SecretId": arn}).encode()
        answer = deadline.send(self._sign(body, self._find_credentials(deadline)))
        if answer.status != 200:
            raise _explain(answer, arn)
        found = _read_object(answer)
        if "SecretBinary" in found:
            raise SecretUnavailable(f"the secret {arn} is not a text")
        text = found.get("SecretString")
        if not isinstance(text, str):
            raise SecretEmpty(f"the secret {arn} has no value")
        return text

    def _sign(self, body: bytes, credentials: Credentials) -> Request:
        region = self._environ.get("AWS_REGION") or self._environ.get("AWS_DEFAULT_REGION", "")
        url = self.find_endpoint(region)
        headers = {
            "content-type": "application/x-amz-json-1.1",
            "host": urlsplit(url).netloc,
            "x-amz-target": "secretsmanager.GetSecretValue",
        }
        signed = sign_post(
            headers,
            body,
            credentials=credentials,
            scope=Scope(region, _SERVICE),
            now=datetime.now(UTC),
        )
        return Request("POST", f"{url}/", signed, body)

    def find_endpoint(self, region: str) -> str:
        """Return the service's address there, or the one that the SDK's variables name."""
        chosen = self._environ.get("AWS_ENDPOINT_URL_SECRETS_MANAGER") or self._environ.get(
            "AWS_ENDPOINT_URL"
        )
        if not chosen:
            suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
            return f"https://{_SERVICE}.{region}.{suffix}"
        try:
            return check_url(chosen)
        except ValueError as error:
            raise SecretUnavailable(f"AWS_ENDPOINT_URL {error}") from None

    def _find_credentials(self, deadline: Deadline) -> Credentials:
        """Return what Lambda gives: variables, or with SnapStart an address to ask.

        https://docs.aws.amazon.com/lambda/latest/dg/snapstart-activate.html#snapstart-credentials
        """
        if key_id := self._environ.get("AWS_ACCESS_KEY_ID"):
            secret_key = self._environ.get("AWS_SECRET_ACCESS_KEY", "")
            return Credentials(key_id, secret_key, self._environ.get("AWS_SESSION_TOKEN"))
        url = self._environ.get("AWS_CONTAINER_CREDENTIALS_FULL_URI")
        if not url:
            raise SecretUnavailable("there are no AWS credentials in the environment")
        token = self._environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN", "")
        found = _read_object(deadline.send(Request("GET", url, {"authorization": token})))
        try:
            return Credentials(found["AccessKeyId"], found["SecretAccessKey"], found["Token"])
        except KeyError:
            raise SecretUnavailable("Lambda gave no AWS credentials") from None


def _read_object(answer: Answer) -> dict[str, Any]:
    try:
        content = json.loads(answer.body)
    except ValueError:
        content = None
    return content if isinstance(content, dict) else {}


def _explain(answer: Answer, arn: str) -> SecretUnavailable:
    # "com.amazonaws…#ResourceNotFoundException", or the name alone
    code = str(_read_object(answer).get("__type", "")).rpartition("#")[2]
    if code == "ResourceNotFoundException":
        return SecretEmpty(f"the secret {arn} has no value")
    return SecretUnavailable(f"reading {arn} was answered {answer.status} {code[:64]}")
