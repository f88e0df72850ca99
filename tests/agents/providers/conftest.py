"""What tests of one provider share; see the modules named after it."""

from __future__ import annotations

import os

import pytest

from tests.agents.providers.bedrock_account import KEY_ID, SECRET, TOKEN, Loopback
from tests.fakes.platform_certificates import make_contexts


@pytest.fixture(scope="session")
def loopback(tmp_path_factory: pytest.TempPathFactory) -> Loopback:
    """A certificate that the SDK trusts alone; reading the public ones takes CPU in each test."""
    folder = tmp_path_factory.mktemp("certificate")
    context, _ = make_contexts(folder)
    return Loopback(context, str(folder / "certificate.pem"))


@pytest.fixture(autouse=True)
def one_certificate(monkeypatch: pytest.MonkeyPatch, loopback: Loopback) -> None:
    """Every client of every test would read the public ones, and none of them needs any."""
    monkeypatch.setenv("SSL_CERT_FILE", loopback.authority)


@pytest.fixture
def aws_account(monkeypatch: pytest.MonkeyPatch, loopback: Loopback) -> None:
    """The SDK looks into the environment, into the user's files, and asks the machine's network."""
    for name in os.environ:
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    for name, value in {
        "AWS_ACCESS_KEY_ID": KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_SESSION_TOKEN": TOKEN,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CA_BUNDLE": loopback.authority,
        "NO_PROXY": "127.0.0.1",
    }.items():
        monkeypatch.setenv(name, value)
