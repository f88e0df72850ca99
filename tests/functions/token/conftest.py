from __future__ import annotations

from collections.abc import Iterator

import pytest

from local.platform import Platform
from tests.fakes.lambda_loop import lambda_loop
from tests.fakes.platform_thread import run_platform
from tests.fakes.secrets_manager import SecretStore, serve_secrets
from tests.fakes.token_endpoint import API_KEY


@pytest.fixture(scope="module")
def secrets() -> Iterator[SecretStore]:
    with serve_secrets() as store:
        yield store


@pytest.fixture(scope="module")
def platform() -> Iterator[Platform]:
    with run_platform(API_KEY) as platform:
        yield platform


@pytest.fixture(autouse=True)
def loop() -> Iterator[None]:
    with lambda_loop():
        yield
