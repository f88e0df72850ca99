"""An open WebSocket connection: messages in, and one write for all texts of a step.

https://www.rfc-editor.org/rfc/rfc6455
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .context import SessionContext
from .frames import PING_FRAME, chunk_frames, close_frame, pong_frame, text_frame
from .session import SpeechEngineSession
from .transport import READ_BYTES, Transport
from .wire import (
    ABNORMAL_CLOSURE,
    INTERNAL_ERROR,
    Closing,
    Event,
    FrameReader,
    Message,
    Ping,
    ReaderPool,
    TooLong,
    close_payload,
)

if TYPE_CHECKING:
    from .gate import Gate
    from .handshake import Handshake

_MAX_UNREAD_BYTES = 1024 * 1024
"""What is written while a peer does not read, before it is cut off."""

_CLOSE_SECONDS = 5.0
"""How long a peer may take to answer a close frame."""


@dataclass(slots=True, kw_only=True)
class Shared:
    """What all connections of one server share."""

    gate: Gate
    context: SessionContext
    handshakes: set[Handshake] = field(default_factory=set)
    connections: set[Connection] = field(default_factory=set)
    readers: ReaderPool = field(init=False)
    read_buffer: memoryview = field(init=False)

    def __post_init__(self) -> None:
        self.readers = ReaderPool(self.context.limits.max_frame_bytes)
        # One buffer serves all: what is in it is taken out before control returns to the loop.
        self.read_buffer = memoryview(bytearray(READ_BYTES))

    def all_connections(self) -> list[Connection | Handshake]:
        """Every connection, whatever its stage."""
        return [*self.connections, *self.handshakes]


class Connection:
    """A conversation's socket, and its session's `Channel`."""

    __slots__ = (
        "_close_code",
        "_close_deadline",
        "_is_alive",
        "_loop",
        "_next_ping_at",
        "_pending",
        "_reader",
        "_room",
        "_shared",
        "_transport",
        "_unread_bytes",
        "is_full",
        "session",
    )

    def __init__(self, shared: Shared, transport: Transport, headers: Mapping[str, str]) -> None:
        """Take over ``transport`` after its handshake."""
        self._shared = shared
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._reader: FrameReader | None = None
        self._pending: list[str] = []
        self._room: asyncio.Event | None = None
        self._is_alive = True
        self._next_ping_at = self._loop.time() + shared.context.limits.keepalive_seconds
        self._close_deadline: float | None = None
        self._close_code: int = ABNORMAL_CLOSURE
        self._unread_bytes = 0
        self.is_full = False
        self.session = SpeechEngineSession(
            context=shared.context, channel=self, request_headers=headers
        )
        shared.connections.add(self)
        self.session.open()

    # -- from the transport --------------------------------------------------------------------

    def data_received(self, data: memoryview) -> None:
        """Take in bytes of the peer's; after a close frame they mean nothing."""
        if self._close_code != ABNORMAL_CLOSURE:
            return
        self._is_alive = True
        reader = self._reader or self._shared.readers.take()
        received = reader.feed(data)
        if reader.is_idle:
            self._reader = None
            self._shared.readers.give_back(reader)
        else:
            self._reader = reader
        for event in received:
            self._handle(event)

    def connection_lost(self) -> None:
        """Tell the session; its close code is the peer's, or 1006 if it gave none."""
        self._shared.connections.discard(self)
        self.room_changed(is_full=False)
        self.session.lose(self._close_code)

    def room_changed(self, *, is_full: bool) -> None:
        """Have answers wait while the peer does not read."""
        self.is_full = is_full
        self._unread_bytes = 0
        if not is_full and self._room is not None:
            self._room.set()
            self._room = None

    # -- from the session ----------------------------------------------------------------------

    def write(self, text: str) -> None:
        """Take one ASCII text along with the next `flush`."""
        self._pending.append(text_frame(text))

    def write_chunks(self, texts: list[str], end: str) -> None:
        """Take chunks of a turn along with the next `flush`."""
        self._pending.append(chunk_frames(texts, end))

    def flush(self) -> None:
        """Send what was written, in one go."""
        pending = self._pending
        if pending:
            data = pending[0] if len(pending) == 1 else "".join(pending)
            pending.clear()
            self._send(data.encode("latin-1"))

    async def drain(self) -> None:
        """Send what was written, and wait until the peer has read enough, if it has not."""
        self.flush()
        while self.is_full:
            self._room = self._room or asyncio.Event()
            await self._room.wait()

    async def close(self, code: int, reason: str) -> None:
        """Start the closing handshake; `tick` cuts a peer off that does not take part."""
        if self._close_deadline is None:
            self._send_close(close_payload(code, reason))

    # -- from the server -----------------------------------------------------------------------

    def tick(self, now: float) -> None:
        """Keep the socket alive, cut off a peer that is gone, look at the session's deadlines."""
        if self._close_deadline is not None:
            if now >= self._close_deadline:
                self._transport.abort()
            return
        if now >= self._next_ping_at:
            self._ping(now)
        self.session.tick(now)

    def abort(self) -> None:
        """Cut the connection."""
        self._transport.abort()

    # -- inside --------------------------------------------------------------------------------

    def _handle(self, event: Event) -> None:
        if isinstance(event, Message):
            self.session.receive(event.data)
        elif isinstance(event, TooLong):
            limit = self._shared.context.limits.max_frame_bytes
            text = f"skipped a message of {event.size_bytes} bytes: the limit is {limit}"
            self.session.report(ValueError(text))
        elif isinstance(event, Ping):
            self._send(pong_frame(event.payload))
        elif isinstance(event, Closing):
            self._take_leave(event)

    def _take_leave(self, closing: Closing) -> None:
        self._close_code = closing.code
        if self._close_deadline is None:
            self._send_close(closing.payload)
        if closing.is_violation:
            # The peer may still be sending: closing now could discard the close frame unread.
            self._transport.write_eof()
        else:
            self._transport.close()
        self.session.lose(closing.code)

    def _send_close(self, payload: bytes) -> None:
        self.flush()
        self._close_deadline = self._loop.time() + _CLOSE_SECONDS
        self._transport.write(close_frame(payload))

    def _send(self, data: bytes) -> None:
        # Agents wait while the peer does not read; replies to its own messages do not.
        if self.is_full:
            self._unread_bytes += len(data)
            if self._unread_bytes > _MAX_UNREAD_BYTES:
                self._transport.abort()
                return
        self._transport.write(data)

    def _ping(self, now: float) -> None:
        if not self._is_alive:
            self.session.disconnect(INTERNAL_ERROR, "no sign of life")
            return
        self._is_alive = False
        self._next_ping_at = now + self._shared.context.limits.keepalive_seconds
        self._transport.write(PING_FRAME)
