"""An open WebSocket connection: messages in, and one write for all texts of a loop's pass.

The hot path is `write`: it only keeps texts, and the pass of the event loop ends with one write of
all of them. https://docs.python.org/3/library/asyncio-protocol.html
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from websockets.frames import CloseCode
from websockets.protocol import OPEN

from .frames import frame_text
from .session import SessionContext, SpeechEngineSession
from .transport import READ_BYTES, SocketTransport
from .wire import FrameParser, Message, ParserPool

if TYPE_CHECKING:
    from .gate import Gate
    from .handshake import Handshake

_MAX_PENDING_CHARACTERS = 64 * 1024
"""Texts that may wait for the end of a pass; a stream that never suspends is written sooner."""

_MAX_UNREAD_BYTES = 1024 * 1024
"""Replies that a peer may leave unread before it is cut off."""

_CLOSE_SECONDS = 5.0
"""How long a peer may take to answer a close frame."""

_MAX_REASON_BYTES = 123  # RFC 6455 section 5.5: 125 bytes, two of them the code


@dataclass(slots=True, kw_only=True)
class Shared:
    """What all connections of one server share."""

    gate: Gate
    context: SessionContext
    handshakes: set[Handshake] = field(default_factory=set)
    connections: set[Connection] = field(default_factory=set)
    parsers: ParserPool = field(init=False)
    read_buffer: memoryview = field(init=False)

    def __post_init__(self) -> None:
        self.parsers = ParserPool(self.context.limits.max_frame_bytes)
        # One buffer serves all: what is in it is taken out before control returns to the loop.
        self.read_buffer = memoryview(bytearray(READ_BYTES))

    def all_connections(self) -> list[Connection | Handshake]:
        """Every connection, whatever its stage."""
        return [*self.connections, *self.handshakes]


class Connection:
    """A conversation's socket, and its session's `Channel`."""

    __slots__ = (
        "_close_deadline",
        "_inbox",
        "_is_alive",
        "_loop",
        "_next_ping_at",
        "_parser",
        "_pending",
        "_pending_characters",
        "_room",
        "_shared",
        "_transport",
        "is_full",
        "session",
    )

    def __init__(
        self, shared: Shared, transport: SocketTransport, headers: Mapping[str, str]
    ) -> None:
        """Take over ``transport`` after its handshake."""
        self._shared = shared
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._parser: FrameParser | None = None
        self._inbox: deque[Message] | None = None
        self._pending: list[str] = []
        self._pending_characters = 0
        self._room: asyncio.Event | None = None
        self._is_alive = True
        self._next_ping_at = self._loop.time() + shared.context.limits.keepalive_seconds
        self._close_deadline: float | None = None
        self.is_full = False
        self.session = SpeechEngineSession(
            context=shared.context, channel=self, request_headers=headers
        )
        shared.connections.add(self)
        self.session.open()

    # -- from the transport --------------------------------------------------------------------

    def data_received(self, data: bytes | memoryview) -> None:
        """Take in bytes of the peer's."""
        self._is_alive = True
        parser = self._parser
        if parser is None:
            parser = self._parser = self._shared.parsers.take()
        messages = parser.feed(data)
        self._write_replies(parser)
        if parser.is_between_messages:
            self._parser = None
            self._shared.parsers.give_back(parser)
        if self._inbox is not None:
            self._inbox.extend(messages)
        elif messages:
            self._deliver(deque(messages))

    def connection_lost(self) -> None:
        """Tell the session; its close code is the peer's, ours, or 1006 if there was neither."""
        self._shared.connections.discard(self)
        self.room_changed(is_full=False)
        self._pending.clear()
        closing = self._parser and (self._parser.close_rcvd or self._parser.close_sent)
        self.session.lose(int(closing.code if closing else CloseCode.ABNORMAL_CLOSURE))

    def room_changed(self, *, is_full: bool) -> None:
        """Have answers wait while the peer does not read."""
        self.is_full = is_full
        if not is_full and self._room is not None:
            self._room.set()
            self._room = None

    # -- from the session ----------------------------------------------------------------------

    def write(self, text: str) -> None:
        """Have ``text`` sent at the end of this pass of the loop, together with all others."""
        if not self._pending:
            self._loop.call_soon(self._flush)
        self._pending.append(frame_text(text))
        self._pending_characters += len(text)
        if self._pending_characters > _MAX_PENDING_CHARACTERS:
            self._flush()

    async def drain(self) -> None:
        """Wait until the peer has read enough, if it has not."""
        while self.is_full:
            self._room = self._room or asyncio.Event()
            await self._room.wait()

    async def close(self, code: int, reason: str) -> None:
        """Start the closing handshake; `tick` cuts a peer off that does not take part."""
        self._flush()
        if self._parser is None:
            self._parser = self._shared.parsers.take()
        if self._parser.state is OPEN:
            self._parser.send_close(code, _shorten(reason))
            self._write_replies(self._parser)

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

    def _ping(self, now: float) -> None:
        if not self._is_alive:
            self.session.disconnect(CloseCode.INTERNAL_ERROR, "no sign of life")
            return
        self._is_alive = False
        self._next_ping_at = now + self._shared.context.limits.keepalive_seconds
        self._transport.write(_PING)

    # -- inside --------------------------------------------------------------------------------

    def _deliver(self, messages: deque[Message]) -> None:
        """Hand messages to the session, but let a started handler run before the next one."""
        self._inbox = None
        while messages:
            message = messages.popleft()
            if isinstance(message, ValueError):
                self.session.report(message)
            elif self.session.receive(cast(bytes, message)) and messages:
                self._inbox = messages
                self._loop.call_soon(self._deliver, messages)
                return

    def _flush(self) -> None:
        if self._pending:
            data = "".join(self._pending).encode("latin-1")
            self._pending.clear()
            self._pending_characters = 0
            self._transport.write(data)

    def _write_replies(self, parser: FrameParser) -> None:
        for data in parser.data_to_send():
            if data:
                self._flush()
                self._transport.write(data)
            elif parser.close_rcvd is not None:
                self._transport.close()
            else:
                self._transport.write_eof()
        if parser.state is not OPEN and self._close_deadline is None:
            self._close_deadline = self._loop.time() + _CLOSE_SECONDS
        if self.is_full and self._transport.unsent_bytes > _MAX_UNREAD_BYTES:
            self._transport.abort()


_PING = b"\x89\x00"


def _shorten(reason: str) -> str:
    return reason.encode()[:_MAX_REASON_BYTES].decode(errors="ignore")
