from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from local.platform.dialling import EngineUnreachableError, open_connection

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@asynccontextmanager
async def greeting_port(greeting: bytes) -> AsyncIterator[str]:
    """Serve a port that says `greeting` to everybody, whatever they want; yield its address."""
    open_writers: list[asyncio.StreamWriter] = []

    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_writers.append(writer)
        writer.write(greeting)

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    try:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/ws"
    finally:
        server.close()
        for writer in open_writers:
            writer.close()
        await server.wait_closed()


async def test_an_address_that_is_none_is_named() -> None:
    """A ws_url without a host is reported, not raised from the depths."""
    with pytest.raises(EngineUnreachableError, match="not a WebSocket address"):
        await open_connection("ws:///ws", {})


async def test_a_server_that_keeps_silent_is_given_up() -> None:
    """The handshake has a limit, and the message tells it."""
    async with greeting_port(b"") as url:
        with pytest.raises(EngineUnreachableError, match="no answer within"):
            await open_connection(url, {}, seconds=0.05)


async def test_a_server_that_speaks_something_else_is_reported_in_one_line() -> None:
    """Bytes that are no HTTP answer make a short message."""
    async with greeting_port(b"220 mail.example.com ESMTP\r\n\r\n") as url:
        with pytest.raises(EngineUnreachableError) as refusal:
            await open_connection(url, {})
    assert "\n" not in str(refusal.value)


async def test_a_plain_web_server_is_named_by_its_status() -> None:
    """An HTTP answer other than 101 gives its status."""
    async with greeting_port(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n") as url:
        with pytest.raises(EngineUnreachableError, match="HTTP 404"):
            await open_connection(url, {})
