"""Sockets that are not ours: `websockets` connections, Starlette's, and anything of their shape.

Each is brought to one form: text or bytes come in, `SocketClosed` tells the end, texts go out.
"""

from __future__ import annotations

import asyncio
import inspect
from collections import deque
from contextlib import suppress
from typing import Any, Protocol

from .frames import chunk_text

_CLOSE_SECONDS = 5.0
"""How long what is queued may take to leave before the socket is closed all the same."""


class WebSocketLike(Protocol):
    """What a session needs of a socket: the methods of a `websockets` connection."""

    async def recv(self) -> str | bytes:
        """The next message; any exception means that the socket is gone."""
        ...  # pragma: no cover

    async def send(self, data: str, /) -> None:
        """Send one text message."""
        ...  # pragma: no cover

    async def close(self) -> None:
        """Close the socket."""
        ...  # pragma: no cover


class SocketClosed(Exception):
    """The peer or the network ended the socket; ``code`` is the WebSocket close code if known."""

    def __init__(self, code: int | None = None) -> None:
        super().__init__(code)
        self.code = code


class StarletteSocket:
    """A Starlette-style socket (receive_text/send_text) in the shape of `WebSocketLike`."""

    def __init__(self, websocket: Any) -> None:
        self._websocket = websocket
        # receive() hands over binary messages, at which receive_text() fails.
        receive = getattr(websocket, "receive", None)
        self._receive = receive if inspect.iscoroutinefunction(receive) else None

    async def recv(self) -> str | bytes:
        """The next message, text or binary. Raises SocketClosed at the end."""
        if self._receive is None:
            text: str = await self._websocket.receive_text()
            return text
        message = await self._receive()
        if message["type"] == "websocket.disconnect":
            raise SocketClosed(message.get("code"))
        text_or_none: str | None = message.get("text")
        return text_or_none if text_or_none is not None else bytes(message.get("bytes") or b"")

    async def send(self, data: str, /) -> None:
        """Send one text message."""
        await self._websocket.send_text(data)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the socket."""
        await self._websocket.close(code, reason)


def adapt_socket(socket: Any) -> WebSocketLike:
    """``socket`` as a WebSocketLike. Raises TypeError if it is of neither shape."""
    if hasattr(socket, "recv"):
        adapted: WebSocketLike = socket
        return adapted
    if hasattr(socket, "receive_text"):
        return StarletteSocket(socket)
    raise TypeError(
        f"cannot use a {type(socket).__name__} as a WebSocket: it has neither recv/send/close "
        "nor receive_text/send_text"
    )


class Session(Protocol):
    """What the loops over a socket need of a session."""

    @property
    def is_open(self) -> bool:
        """Whether the conversation goes on."""
        ...  # pragma: no cover

    def receive(self, data: str | bytes) -> None:
        """Handle one message."""

    def report(self, error: Exception) -> None:
        """Tell ``on_error``."""

    def lose(self, close_code: int | None) -> None:
        """The socket is gone."""

    def tick(self, now: float) -> None:
        """Look at the deadlines."""


async def receive_all(session: Session, socket: WebSocketLike, max_bytes: int) -> None:
    """Hand every message of ``socket`` to ``session``, until one of them ends."""
    try:
        while session.is_open:
            data = await socket.recv()
            if len(data) > max_bytes:
                text = f"skipped a message of {len(data)} bytes: the limit is {max_bytes}"
                session.report(ValueError(text))
            else:
                session.receive(data)
            # A socket that has many messages must not keep the event loop to itself.
            await asyncio.sleep(0)
    except Exception as error:  # noqa: BLE001 - sockets of every library come here
        session.lose(_close_code_of(error))


async def tick_on(session: Session, seconds: float) -> None:
    """Have ``session`` look at its deadlines every few ``seconds``."""
    while session.is_open:
        await asyncio.sleep(seconds)
        session.tick(asyncio.get_running_loop().time())


def _close_code_of(error: BaseException) -> int | None:
    """The close code that a socket's exception carries, in any of the common libraries' ways."""
    received = getattr(error, "rcvd", None)
    code = getattr(received, "code", None) if received else getattr(error, "code", None)
    return code if isinstance(code, int) else None


async def _close_socket(socket: WebSocketLike, code: int, reason: str) -> None:
    """Close with code and reason where the socket takes them, plainly where it does not."""
    close: Any = socket.close
    try:
        takes_code = "code" in inspect.signature(close).parameters
    except (TypeError, ValueError):
        takes_code = False
    await (close(code, reason) if takes_code else close())


class SocketChannel:
    """The outgoing side of a socket whose `send` is a coroutine: in order, one send at a time."""

    is_full = True
    """Always: a chunk is handed to the socket before the next one is asked for."""

    def __init__(self, socket: WebSocketLike) -> None:
        self._socket = socket
        self._pending: deque[str] = deque()
        self._sending = asyncio.Lock()
        self._drain_task: asyncio.Task[None] | None = None

    def write(self, text: str) -> None:
        """Queue a text for the next `flush` or `drain`."""
        self._pending.append(text)

    def write_chunks(self, texts: list[str], end: str) -> None:
        """Queue chunks of a turn for the next `flush` or `drain`."""
        self._pending.extend(chunk_text(text, end) for text in texts)

    def flush(self) -> None:
        """Have a task send what is queued, unless one does already."""
        if self._pending and not self._sending.locked():
            self._drain_task = asyncio.get_running_loop().create_task(self.drain())

    async def drain(self) -> None:
        """Hand all queued texts to the socket; once a send has failed they are let go.

        The receiving side is what learns that a socket is gone, so the failure is not repeated.
        """
        async with self._sending:
            while self._pending:
                text = self._pending.popleft()
                try:
                    await self._socket.send(text)
                except Exception:  # noqa: BLE001 - sockets of every library come here
                    self._pending.clear()

    async def close(self, code: int, reason: str) -> None:
        """Send what is queued, then close the socket; a socket that is gone is no error."""
        with suppress(Exception):  # as in drain; a send that hangs must not keep the socket open
            await asyncio.wait_for(self.drain(), _CLOSE_SECONDS)
        with suppress(Exception):
            await _close_socket(self._socket, code, reason)
