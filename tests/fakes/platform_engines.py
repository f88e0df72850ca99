"""Engines' servers for the platform simulator to dial: ElevenLabs' own session code, and a stub.

Both listen on loopback only; the official server would bind all interfaces.
"""

from __future__ import annotations

import asyncio
import http
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from elevenlabs.speech_engine import SpeechEngineSession
from elevenlabs.speech_engine.resource import verify_speech_engine_jwt
from elevenlabs.speech_engine.session import _wire_handlers
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from local.platform import DEFAULT_API_KEY, UPSTREAM_HEADER
from tests.fakes.platform_waiting import until

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator

    from websockets.asyncio.server import Server
    from websockets.http11 import Request, Response


def _url(server: Server) -> str:
    return f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/ws"


@asynccontextmanager
async def official_engine(
    api_key: str = DEFAULT_API_KEY, *, tls: ssl.SSLContext | None = None, **handlers: Any
) -> AsyncIterator[str]:
    """Serve the official SDK's session with its own token check; yield the address."""

    def check(connection: ServerConnection, request: Request) -> Response | None:
        try:
            verify_speech_engine_jwt(request.headers.get(UPSTREAM_HEADER, ""), api_key)
        except ValueError:
            return connection.respond(http.HTTPStatus.UNAUTHORIZED, "authorization failed\n")
        return None

    async def handle(connection: ServerConnection) -> None:
        session = SpeechEngineSession(connection)
        _wire_handlers(session, handlers)
        await session.run()

    async with serve(handle, "127.0.0.1", 0, process_request=check, ssl=tls) as server:
        yield _url(server).replace("ws:", "wss:" if tls else "ws:")


async def echo(transcript: list[Any], session: Any) -> None:
    """Answer in three chunks with what the user said."""

    async def words() -> AsyncIterator[str]:
        for word in ("You ", "said ", transcript[-1].content):
            yield word

    await session.send_response(words())


class StubEngine:
    """A server that keeps every frame and answers only what a test tells it to."""

    def __init__(self) -> None:
        self.url = ""
        self.frames: list[dict[str, Any]] = []
        self.headers: list[Any] = []
        self.connections: list[ServerConnection] = []
        self.close_codes: list[int | None] = []

    @property
    def transcripts(self) -> list[dict[str, Any]]:
        """Return the `user_transcript` frames so far."""
        return [frame for frame in self.frames if frame["type"] == "user_transcript"]

    @property
    def ids(self) -> list[int]:
        """Return the event ids of the transcripts so far."""
        return [frame["event_id"] for frame in self.transcripts]

    async def hears(self, count: int) -> dict[str, Any]:
        """Wait until `count` transcripts have come, and return the last of them."""
        await until(lambda: len(self.transcripts) >= count)
        return self.transcripts[count - 1]

    async def reply(self, content: str, event_id: int, *, is_final: bool = False) -> None:
        """Send one `agent_response` frame."""
        await self.send(
            {
                "type": "agent_response",
                "content": content,
                "event_id": event_id,
                "is_final": is_final,
            }
        )

    async def answer(self, content: str, event_id: int) -> None:
        """Send a whole answer: one chunk and the final."""
        await self.reply(content, event_id)
        await self.reply("", event_id, is_final=True)

    async def send(self, frame: Any) -> None:
        """Send a frame on the newest connection; anything but text goes as JSON."""
        await self.connections[-1].send(frame if isinstance(frame, str) else json.dumps(frame))

    async def handle(self, connection: ServerConnection) -> None:
        """Keep what one connection brings."""
        self.connections.append(connection)
        self.headers.append(connection.request.headers if connection.request else None)
        try:
            async for data in connection:
                frame = json.loads(data)
                self.frames.append(frame)
                if frame["type"] == "ping":
                    await connection.send(json.dumps({"type": "pong"}))
        except ConnectionClosed:
            pass
        finally:
            self.close_codes.append(connection.close_code)


@asynccontextmanager
async def stub_engine() -> AsyncIterator[StubEngine]:
    """Serve a stub engine on a free port."""
    stub = StubEngine()
    async with serve(stub.handle, "127.0.0.1", 0, ping_interval=None, close_timeout=1) as server:
        stub.url = _url(server)
        yield stub
        await asyncio.sleep(0)
