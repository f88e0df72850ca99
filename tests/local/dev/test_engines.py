from __future__ import annotations

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING

import pytest

from local.dev.engines import EngineClient, EngineError, throwaway_engine
from local.platform import Platform

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

WS_URL = "wss://tunnel.example/ws"


@contextlib.asynccontextmanager
async def client_of(base_url: str, api_key: str) -> AsyncIterator[EngineClient]:
    client = EngineClient(base_url, api_key)
    try:
        yield client
    finally:
        await client.close()


@contextlib.asynccontextmanager
async def answering(
    status: str, body: str, hold: asyncio.Event | None = None
) -> AsyncIterator[str]:
    """A platform that gives every request one answer, after `hold`; yields its address."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if hold is not None:
            await hold.wait()
        head = f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
        writer.write((head + body).encode())
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def has_engine(platform: Platform, engine_id: str) -> bool:
    try:
        platform.workspace.engines.get(engine_id)
    except KeyError:
        return False
    return True


async def test_engine_exists_while_the_block_runs() -> None:
    """The engine dials the given address, streams parts to text clients, and is gone afterwards."""
    async with Platform() as platform, client_of(platform.url, platform.api_key) as client:
        async with throwaway_engine(client, ws_url=WS_URL, requires_auth=True) as engine_id:
            described = json.dumps(platform.workspace.engines.get(engine_id).describe())
            assert WS_URL in described
            assert "agent_chat_response_part" in described
            assert '"enable_auth": true' in described
        assert not has_engine(platform, engine_id)


async def test_engine_is_deleted_after_a_failure() -> None:
    """The engine goes also when what used it has failed."""
    async with Platform() as platform, client_of(platform.url, platform.api_key) as client:
        with pytest.raises(ZeroDivisionError):
            async with throwaway_engine(client, ws_url=WS_URL, requires_auth=False) as engine_id:
                raise ZeroDivisionError
        assert not has_engine(platform, engine_id)


async def test_engine_that_is_gone_already_is_no_error() -> None:
    """Somebody else may delete it first."""
    async with (
        Platform() as platform,
        client_of(platform.url, platform.api_key) as client,
        throwaway_engine(client, ws_url=WS_URL, requires_auth=False) as engine_id,
    ):
        await client.delete(engine_id)


async def test_engine_refused_key_is_told() -> None:
    """A wrong key is one line that names the variable and never the key."""
    async with Platform() as platform, client_of(platform.url, "sk_test_wrong") as client:
        with pytest.raises(EngineError, match="refused ELEVENLABS_API_KEY") as caught:
            await client.create(name="x", ws_url=WS_URL, enable_auth=True)
        assert "sk_test" not in str(caught.value)


async def test_engine_invalid_settings_are_told() -> None:
    """The platform's own words about a bad request are passed on, on one line."""
    async with Platform() as platform, client_of(platform.url, platform.api_key) as client:
        with pytest.raises(EngineError, match="answered 422: ") as caught:
            await client.create(name="x", ws_url="", enable_auth=True)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ('{"detail": {"message": "too\\nmany"}}', "429: too many"),
        ('{"detail": "slow down"}', "429: slow down"),
        ("<html>", "429: Too Many Requests"),
        ('{"detail": {}}', "429: Too Many Requests"),
    ],
)
async def test_engine_errors_of_every_shape_are_told(body: str, reason: str) -> None:
    """Whatever the shape of the platform's error, there is one readable line."""
    async with answering("429 Too Many Requests", body) as url, client_of(url, "k") as client:
        with pytest.raises(EngineError, match=reason):
            await client.create(name="x", ws_url=WS_URL, enable_auth=True)


async def test_engine_answer_without_an_id_is_told() -> None:
    """An answer that is no engine is an error, not a crash."""
    async with answering("200 OK", "{}") as url, client_of(url, "k") as client:
        with pytest.raises(EngineError, match="without telling its id"):
            await client.create(name="x", ws_url=WS_URL, enable_auth=True)


async def test_engine_unreachable_platform_is_told() -> None:
    """A platform that does not answer is one line."""
    async with client_of("http://127.0.0.1:1", "k") as client:
        with pytest.raises(EngineError, match="can't be reached: ConnectError"):
            await client.create(name="x", ws_url=WS_URL, enable_auth=True)


async def test_engine_deletion_that_fails_is_told_with_the_remedy() -> None:
    """When the engine can't be deleted, the error has the command that does it."""
    async with (
        Platform() as platform,
        client_of(platform.url, platform.api_key) as client,
        answering("500 Oops", "") as broken_url,
        client_of(broken_url, "k") as broken,
    ):
        client.delete = broken.delete  # type: ignore[method-assign]
        with pytest.raises(EngineError, match=r"NOT deleted: .*500") as caught:
            async with throwaway_engine(client, ws_url=WS_URL, requires_auth=False) as engine_id:
                pass
        assert "curl -X DELETE" in str(caught.value)
        assert f"{platform.url}/v1/speech-engine/{engine_id}" in str(caught.value)


async def test_engine_is_deleted_when_cancelled_during_its_creation() -> None:
    """A Ctrl-C while the request is on its way waits for the answer and deletes the engine."""
    may_answer = asyncio.Event()
    deleted: list[str] = []
    body = '{"speech_engine_id": "seng_slow"}'

    async def delete(engine_id: str) -> None:
        deleted.append(engine_id)

    async def use(client: EngineClient) -> None:
        async with throwaway_engine(client, ws_url=WS_URL, requires_auth=True):
            raise AssertionError

    async with answering("201 Created", body, may_answer) as url, client_of(url, "k") as client:
        client.delete = delete  # type: ignore[method-assign]
        using = asyncio.create_task(use(client))
        await asyncio.sleep(0.05)
        using.cancel()
        await asyncio.sleep(0.05)
        assert not using.done()
        may_answer.set()
        with pytest.raises(asyncio.CancelledError):
            await using
    assert deleted == ["seng_slow"]
