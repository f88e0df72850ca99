from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from local.platform import Platform
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
def lambda_loop() -> Iterator[None]:
    """Give Mangum the event loop that it expects of Lambda's main thread, and end its threads."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield
    loop.run_until_complete(loop.shutdown_default_executor())
    asyncio.set_event_loop(None)
    loop.close()
