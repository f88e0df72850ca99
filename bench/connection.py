"""Owns the platform's end of one socket: upgrade, frames in and out, the closing handshake.

Knows the WebSocket, not the Speech Engine's messages: a subclass reads those.
"""

from __future__ import annotations

import asyncio
from typing import Self, cast

from bench import frames, handshake

OPEN_SECONDS = 10.0
CLOSE_SECONDS = 5.0
NORMAL_CLOSURE = frames.client_frame(frames.CLOSE, (1000).to_bytes(2, "big"))


class Connection(asyncio.Protocol):
    """One client socket; `reply` is set once the server has answered the upgrade."""

    def __init__(self, port: int, token: str, *, offer_deflate: bool) -> None:
        loop = asyncio.get_running_loop()
        self.reply: handshake.Reply | None = None
        self.fault = ""
        self._request = handshake.upgrade_request(port, token, offer_deflate=offer_deflate)
        self._head = b""
        self._scanner: frames.FrameScanner | None = None
        self._transport: asyncio.Transport | None = None
        self._answered: asyncio.Future[None] = loop.create_future()
        self._lost: asyncio.Future[None] = loop.create_future()
        self._is_closing = False

    async def open(self, port: int) -> Self:
        """Connect and wait for the reply; a socket closed without one leaves `reply` None."""
        async with asyncio.timeout(OPEN_SECONDS):
            loop = asyncio.get_running_loop()
            await loop.create_connection(lambda: self, "127.0.0.1", port)
            await self._answered
        return self

    def write(self, frame: bytes) -> None:
        """Send one prepared frame."""
        assert self._transport is not None
        self._transport.write(frame)

    async def close(self) -> None:
        """Close with code 1000 and wait until the server has closed the socket."""
        self._is_closing = True
        if not self._lost.done():
            self.write(NORMAL_CLOSURE)
        await self.wait_lost()

    async def wait_lost(self) -> None:
        """Wait until the server closes; cut the socket and note a fault if it does not."""
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._lost
        except TimeoutError:
            self.fault = self.fault or "the server did not close the socket"
            self.cut()

    def cut(self) -> None:
        """Drop the socket without ceremony."""
        self._is_closing = True
        if self._transport is not None:
            self._transport.abort()

    def read_message(self, payload: bytes) -> None:
        """Take one text message; for subclasses."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the upgrade."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one only in behaviour
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Take bytes of the reply or of frames."""
        if self._scanner is not None:
            self._read_frames(self._scanner, data)
            return
        self._head += data
        head, separator, rest = self._head.partition(handshake.HEADER_END)
        if not separator or self.reply is not None:
            return
        self.reply = handshake.read_reply(head)
        self._answered.set_result(None)
        if self.reply.status == 101:
            self._scanner = self.reply.make_scanner()
            self._read_frames(self._scanner, rest)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wake whoever waits; an end that nobody asked for is a fault."""
        if not self._is_closing and self._scanner is not None:
            self.fault = self.fault or f"the server dropped the conversation ({exc or 'EOF'})"
        if not self._answered.done():
            self._answered.set_result(None)
        if not self._lost.done():
            self._lost.set_result(None)

    def _read_frames(self, scanner: frames.FrameScanner, data: bytes) -> None:
        try:
            for opcode, payload in scanner.feed(data):
                if opcode == frames.TEXT:
                    self.read_message(payload)
                elif opcode == frames.PING:
                    self.write(frames.client_frame(frames.PONG, payload))
        except ValueError as error:
            self.fault = self.fault or f"unreadable stream: {error}"
            self.cut()
