"""The platform's end of a conversation: a socket in memory, and one on the wire, byte by byte.

Both speak for ElevenLabs, so that tests say what happens in the words of the protocol. Knows the
frames of the protocol, and nothing of how the code under test works.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import socket as sockets
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from websockets.frames import Frame, Opcode

from speech_engine import SpeechEngineServer
from tests.fakes.tokens import API_KEY, authorization

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from speech_engine import SpeechEngineSession

LIMIT_SECONDS = 10.0

PING: dict[str, Any] = {"type": "ping"}
PONG: dict[str, Any] = {"type": "pong"}
CLOSE_FRAME: dict[str, Any] = {"type": "close"}


def init(conversation_id: str = "conv_1") -> dict[str, Any]:
    """Return the frame that opens a conversation."""
    return {"type": "init", "conversation_id": conversation_id}


def transcript(event_id: Any, *texts: str) -> dict[str, Any]:
    """Return the frame of a user turn; `texts` alternate between user and agent, user last."""
    texts = texts or ("hello",)
    roles = ["user" if (len(texts) - index) % 2 else "agent" for index in range(len(texts))]
    messages = [{"role": role, "content": text} for role, text in zip(roles, texts, strict=True)]
    return {"type": "user_transcript", "user_transcript": messages, "event_id": event_id}


def chunk(text: str, event_id: Any) -> dict[str, Any]:
    """Return the frame that carries one piece of an answer."""
    return {"type": "agent_response", "content": text, "event_id": event_id, "is_final": False}


def final(event_id: Any) -> dict[str, Any]:
    """Return the frame that ends an answer."""
    return {"type": "agent_response", "content": "", "event_id": event_id, "is_final": True}


async def until(condition: Callable[[], object], seconds: float = LIMIT_SECONDS) -> None:
    """Return when `condition` holds; fail when it still does not after `seconds`."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - the conditions are plain expressions
            await asyncio.sleep(0.001)


class Inbox:
    """Frames that the server has sent, with the questions tests have about them."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    def answers(self, event_id: Any) -> list[dict[str, Any]]:
        """Return the answer frames of one turn."""
        return [
            frame
            for frame in self.sent
            if frame["type"] == "agent_response" and frame["event_id"] == event_id
        ]

    def text(self, event_id: Any) -> str:
        """Return all text of one turn."""
        return "".join(frame["content"] for frame in self.answers(event_id))

    async def received(self, *frames: dict[str, Any]) -> None:
        """Wait until every one of `frames` has come."""
        try:
            await until(lambda: all(frame in self.sent for frame in frames))
        except TimeoutError:
            raise AssertionError(f"wanted {frames}, got {self.sent}") from None


class MockSocket(Inbox):
    """A socket with `recv`, `send` and `close` and nothing else that a server could use."""

    def __init__(self, *frames: dict[str, Any] | str | bytes) -> None:
        super().__init__()
        self._incoming: asyncio.Queue[str | bytes | Exception] = asyncio.Queue()
        self.closed = asyncio.Event()
        self.push(*frames)

    def push(self, *frames: dict[str, Any] | str | bytes) -> None:
        """Let the platform send `frames`, dictionaries as JSON."""
        for frame in frames:
            self._incoming.put_nowait(json.dumps(frame) if isinstance(frame, dict) else frame)

    def cut(self, error: Exception | None = None) -> None:
        """Let the connection break."""
        self._incoming.put_nowait(error or ConnectionResetError("cut"))

    async def recv(self) -> str | bytes:
        item = await self._incoming.get()
        if isinstance(item, Exception):
            raise item
        return item

    async def send(self, data: str) -> None:
        if self.closed.is_set():
            raise ConnectionError("closed")
        self.sent.append(json.loads(data))

    async def close(self) -> None:
        self.closed.set()
        self.cut(ConnectionError("closed"))


@asynccontextmanager
async def conversation(
    *frames: dict[str, Any] | str | bytes, socket: Any = None, **settings: Any
) -> AsyncIterator[tuple[Any, SpeechEngineSession]]:
    """Run a session of a server with `settings` on a mock socket until the block ends."""
    socket = socket or MockSocket(*frames)
    session = SpeechEngineServer(disable_auth=True, **settings).handle_connection(socket)
    running = asyncio.create_task(session.run())
    try:
        yield socket, session
    finally:
        socket.cut()
        await asyncio.wait_for(running, LIMIT_SECONDS)


@asynccontextmanager
async def serving(**settings: Any) -> AsyncIterator[SpeechEngineServer]:
    """Run a server with `settings` on a port of the kernel's choice until the block ends."""
    server = SpeechEngineServer(**{"port": 0, "api_key": API_KEY, **settings})
    await server.start()
    try:
        yield server
    finally:
        await asyncio.wait_for(server.stop(), LIMIT_SECONDS)


def port_of(server: SpeechEngineServer) -> int:
    """Return the port that the kernel gave to `server`."""
    port: int = server.sockets[0].getsockname()[1]
    return port


async def request(
    server: SpeechEngineServer,
    path: str = "/ws",
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
) -> tuple[int, dict[str, str], str]:
    """Send a plain HTTP request; return status, headers (names in lower case) and body."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    reader, writer = await asyncio.open_connection("127.0.0.1", port_of(server))
    try:
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
        head, _, body = (await asyncio.wait_for(reader.read(), LIMIT_SECONDS)).partition(
            b"\r\n\r\n"
        )
    finally:
        writer.close()
    status, *rest = head.decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in rest)
    answered = {name.strip().lower(): value.strip() for name, _, value in pairs}
    return int(status.split()[1]), answered, body.decode()


def upgrade_headers(**extra: str) -> dict[str, str]:
    """Return the headers that ask for a WebSocket."""
    return {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
        **extra,
    }


def encode(
    content: dict[str, Any] | str | bytes,
    opcode: Opcode = Opcode.TEXT,
    *,
    fin: bool = True,
    mask: bool = True,
) -> bytes:
    """Return one WebSocket frame as a client sends it."""
    if isinstance(content, dict):
        content = json.dumps(content)
    data = content.encode() if isinstance(content, str) else content
    return Frame(opcode, data, fin).serialize(mask=mask)


class RawClient(Inbox):
    """A client that decides over every byte and every pause."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        super().__init__()
        self.reader = reader
        self.writer = writer
        self.control: list[tuple[Opcode, bytes]] = []
        self.close_code: int | None = None
        self.at_end = False
        self._reading: asyncio.Task[None] | None = None

    def start_reading(self) -> None:
        """Take in, from now on, whatever the server sends."""
        self._reading = asyncio.create_task(self._read())

    async def send(self, *parts: dict[str, Any] | bytes) -> None:
        """Write `parts` in one go: dictionaries as text frames, bytes as they are."""
        self.writer.write(
            b"".join(encode(part) if isinstance(part, dict) else part for part in parts)
        )
        await self.writer.drain()

    async def close(self) -> None:
        self.writer.close()
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait([self._reading])

    async def closed(self) -> None:
        """Wait until the server has sent its close frame."""
        await until(lambda: self.close_code is not None)

    async def ended(self) -> None:
        """Wait until the server has closed the connection."""
        await until(lambda: self.at_end)

    async def read_frame(self) -> tuple[Opcode, bytes]:
        """Return the next frame of the server's, which must be whole and unmasked."""
        first, second = await self.reader.readexactly(2)
        assert first & 0x80, "the server sends whole messages"
        assert not second & 0x80, "a server never masks"
        size = second & 0x7F
        if size >= 126:
            size = int.from_bytes(await self.reader.readexactly(2 if size == 126 else 8), "big")
        return Opcode(first & 0x0F), await self.reader.readexactly(size)

    async def _read(self) -> None:
        try:
            while True:
                opcode, data = await self.read_frame()
                if opcode is Opcode.TEXT:
                    self.sent.append(json.loads(data))
                    continue
                self.control.append((opcode, data))
                if opcode is Opcode.CLOSE:
                    self.close_code = int.from_bytes(data[:2], "big")
        except (asyncio.IncompleteReadError, ConnectionError):
            self.at_end = True


@asynccontextmanager
async def raw_client(
    server: SpeechEngineServer, *, reading: bool = True, receive_bytes: int | None = None
) -> AsyncIterator[RawClient]:
    """Open a conversation on the wire; `receive_bytes` limits what the kernel takes in unread."""
    reader, writer = await dial(server, receive_bytes)
    head = upgrade_headers(Host="localhost", **authorization())
    lines = ["GET /ws HTTP/1.1", *(f"{name}: {value}" for name, value in head.items())]
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
    answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), LIMIT_SECONDS)
    assert answer.startswith(b"HTTP/1.1 101"), answer
    client = RawClient(reader, writer)
    if reading:
        client.start_reading()
    try:
        yield client
    finally:
        await client.close()


async def dial(
    server: SpeechEngineServer, receive_bytes: int | None = None
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Open a TCP connection to `server`."""
    if receive_bytes is None:
        return await asyncio.open_connection("127.0.0.1", port_of(server))
    narrow = sockets.socket()
    narrow.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, receive_bytes)
    narrow.setblocking(False)
    await asyncio.get_running_loop().sock_connect(narrow, ("127.0.0.1", port_of(server)))
    return await asyncio.open_connection(sock=narrow, limit=receive_bytes)
