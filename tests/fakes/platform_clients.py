"""A client of the conversation WebSocket at the level of frames."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin, Subprotocol

from tests.fakes.platform_waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from local.platform import Engine, Platform

TEXT_ONLY: dict[str, Any] = {"conversation_config_override": {"conversation": {"text_only": True}}}
PCM_MS = 32  # bytes in a millisecond of 16 kHz PCM


class RawClient:
    """Keeps every event, answers no ping by itself."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.events: list[dict[str, Any]] = []
        self._reader = asyncio.create_task(self._read())

    def all(self, kind: str) -> list[dict[str, Any]]:
        """Return the events of one type so far."""
        return [event for event in self.events if event["type"] == kind]

    async def next(self, kind: str, count: int = 1) -> dict[str, Any]:
        """Wait for the `count`-th event of one type and return it."""
        await until(lambda: len(self.all(kind)) >= count or self._reader.done())
        events = self.all(kind)
        assert len(events) >= count, f"no {kind} before the close: {self.events}"
        return events[count - 1]

    async def send(self, kind: str, **fields: Any) -> None:
        """Send one frame."""
        await self.connection.send(json.dumps({"type": kind, **fields}))

    async def type_text(self, text: str) -> None:
        """Send a typed message of the user."""
        await self.send("user_message", text=text)

    async def speak(self, milliseconds: float) -> None:
        """Send silence from the microphone."""
        audio = base64.b64encode(bytes(int(milliseconds * PCM_MS))).decode()
        await self.connection.send(json.dumps({"user_audio_chunk": audio}))

    async def closed(self) -> tuple[int | None, str | None]:
        """Wait for the close and return its code and reason."""
        async with asyncio.timeout(10):
            await self._reader
        return self.connection.close_code, self.connection.close_reason

    async def stop(self) -> None:
        """Close the socket and end the reader."""
        await self.connection.close()
        await self._reader

    async def _read(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for data in self.connection:
                self.events.append(json.loads(data))


@asynccontextmanager
async def raw_client(
    platform: Platform,
    engine: Engine | str | None = None,
    *,
    url: str | None = None,
    subprotocols: Sequence[str] = (),
    initiation: dict[str, Any] | None = TEXT_ONLY,
    origin: str | None = None,
) -> AsyncIterator[RawClient]:
    """Connect to an engine, a new one for a ws_url, or a signed `url`.

    `initiation=None` sends no first frame.
    """
    if isinstance(engine, str):
        engine = platform.create_engine(ws_url=engine)
    if engine is not None:
        url = f"{platform.ws_url}/v1/convai/conversation?agent_id={engine.id}"
    assert url is not None
    offered = [Subprotocol(name) for name in subprotocols]
    page = Origin(origin) if origin else None
    async with connect(url, origin=page, subprotocols=offered or None, proxy=None) as connection:
        client = RawClient(connection)
        try:
            if initiation is not None:
                with contextlib.suppress(ConnectionClosed):  # refused at the door
                    await client.send("conversation_initiation_client_data", **initiation)
            yield client
        finally:
            await client.stop()
