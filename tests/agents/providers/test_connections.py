from __future__ import annotations

import time
from types import SimpleNamespace

import httpx2
import pytest

from agents.providers import connections
from agents.providers.connections import open_http_client
from tests.fakes.model_servers.anthropic import AnthropicWire
from tests.fakes.model_servers.server import Stall, serve_model


@pytest.mark.parametrize(("seconds", "expected"), [(60, 1), (connections.KEEP_SECONDS + 1, 2)])
async def test_connection_survives_a_quiet_minute(
    monkeypatch: pytest.MonkeyPatch, seconds: float, expected: int
) -> None:
    """A connection serves the turn after a minute of silence, and is not kept for ever."""
    async with serve_model(AnthropicWire) as server, open_http_client() as client:
        url = f"{server.url}/v1/models/test-model"
        await client.get(url)
        later = SimpleNamespace(monotonic=lambda: time.monotonic() + seconds)
        monkeypatch.setattr("httpcore2._async.http11.time", later)
        await client.get(url)
        assert server.connections == expected


async def test_connection_that_stays_silent_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Silence ends at the limit for reading, whoever forgot to set one."""
    monkeypatch.setattr(connections, "READ_SECONDS", 0.1)
    async with serve_model(AnthropicWire) as server, open_http_client() as client:
        server.script = lambda _: [Stall()]
        with pytest.raises(httpx2.ReadTimeout):
            await client.post(
                f"{server.url}/v1/messages", json={"model": "test-model", "stream": True}
            )
