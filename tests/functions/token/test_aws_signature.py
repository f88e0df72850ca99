from __future__ import annotations

from datetime import UTC, datetime

import hypothesis
import pytest
from hypothesis import strategies

from functions.token.aws_signature import Credentials, Scope, sign_post
from tests.fakes.secrets_manager import ACCESS_KEY_ID, REGION, SECRET_KEY, sign_with_botocore

NOW = datetime(2026, 11, 21, 12, 34, 56, tzinfo=UTC)
VISIBLE = strategies.text(strategies.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1)


def sign(headers: dict[str, str], body: bytes, token: str | None = None) -> dict[str, str]:
    identity = Credentials(ACCESS_KEY_ID, SECRET_KEY, token)
    scope = Scope(REGION, "secretsmanager")
    return sign_post(headers, body, credentials=identity, scope=scope, now=NOW)


@hypothesis.given(body=strategies.binary(), target=VISIBLE, token=strategies.none() | VISIBLE)
def test_signature_is_botocores(body: bytes, target: str, token: str | None) -> None:
    """Whatever is signed, AWS' own library comes to the same signature."""
    signed = sign({"host": "example.com", "x-amz-target": target}, body, token)
    authorization = signed.pop("authorization")
    assert authorization.endswith(f"Signature={sign_with_botocore(signed, body)}")


@pytest.mark.parametrize("token", [None, "session"])
def test_every_header_is_signed(token: str | None) -> None:
    """No header that decides what is done can be changed on the way."""
    signed = sign({"host": "example.com", "x-amz-target": "t"}, b"{}", token)
    names = ";".join(sorted(set(signed) - {"authorization"}))
    assert f"SignedHeaders={names}," in signed["authorization"]
    assert signed["x-amz-date"] == "20261121T123456Z"
    assert signed.get("x-amz-security-token") == token


def test_credentials_hide_their_secrets() -> None:
    """Where credentials are shown, only the id is."""
    shown = repr(Credentials(ACCESS_KEY_ID, SECRET_KEY, "session"))
    assert ACCESS_KEY_ID in shown
    assert SECRET_KEY not in shown
    assert "session" not in shown.replace("session_token", "")
