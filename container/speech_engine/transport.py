"""A connected socket on the event loop: reads when there is something, writes at once.

asyncio's own transports cost several objects and passes of the loop for each connection:
`SocketTransport` is a socket and two callbacks. uvloop's are written in C and cost less than any
in Python: there `LoopTransport` uses them.
https://docs.python.org/3/library/asyncio-eventloop.html#watching-file-descriptors
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol, cast

READ_BYTES = 64 * 1024

_HIGH_WATER_BYTES = 64 * 1024
_LOW_WATER_BYTES = 16 * 1024
"""Unsent bytes above which a sender is asked to wait, and below which it goes on."""


class Receiver(Protocol):
    """Whoever works on the bytes of a `SocketTransport`."""

    def data_received(self, data: memoryview) -> None:
        """Take in bytes; the view is valid during the call only."""

    def connection_lost(self) -> None:
        """The socket is closed. Called once."""

    def room_changed(self, *, is_full: bool) -> None:
        """The peer reads too slowly, or fast enough again."""


class Transport(Protocol):
    """What a `Receiver` may do with its connection."""

    def write(self, data: bytes) -> None:
        """Send at once what the socket takes, and the rest when it takes more."""

    def write_eof(self) -> None:
        """Say that nothing more will be written, after what was."""

    def close(self) -> None:
        """Read no more; close the socket when everything written has been sent."""

    def abort(self) -> None:
        """Close the socket now; what was not sent is lost."""

    def hand_over(self, receiver: Receiver) -> None:
        """Have another receiver go on."""


class SocketTransport:
    """Owns one non-blocking socket until it is closed."""

    __slots__ = (
        "_has_eof",
        "_is_closing",
        "_is_reading",
        "_loop",
        "_read_buffer",
        "_receiver",
        "_socket",
        "_unsent",
    )

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        connected: socket.socket,
        read_buffer: memoryview,
        make_receiver: Callable[[SocketTransport], Receiver],
    ) -> None:
        """``read_buffer`` may serve all transports: `data_received` takes out what is in it."""
        self._loop = loop
        self._socket = connected
        self._read_buffer = read_buffer
        self._receiver = make_receiver(self)
        self._unsent: bytearray | None = None
        self._has_eof = False
        self._is_closing = False
        self._is_reading = False

    def start(self) -> None:
        """Read what is there already, then whenever there is something."""
        self._read()
        if not self._is_closing:
            self._is_reading = True
            self._loop.add_reader(self._socket.fileno(), self._read)

    def hand_over(self, receiver: Receiver) -> None:
        """Have another receiver go on."""
        self._receiver = receiver

    def write(self, data: bytes) -> None:
        """Send at once what the socket takes, and the rest when it takes more."""
        if self._is_closing or self._has_eof:
            return
        if self._unsent is None:
            sent = self._send(data)
            if sent == len(data) or self._is_closing:  # also closed by a send that failed
                return
            data = data[sent:]
            self._unsent = bytearray()
            self._loop.add_writer(self._socket.fileno(), self._write_on)
        self._unsent += data
        if len(self._unsent) > _HIGH_WATER_BYTES:
            self._receiver.room_changed(is_full=True)

    def write_eof(self) -> None:
        """Say that nothing more will be written, after what was."""
        self._has_eof = True
        if self._unsent is None and not self._is_closing:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Read no more; close the socket when everything written has been sent."""
        if not self._is_closing:
            self._is_closing = True
            if self._is_reading:
                self._loop.remove_reader(self._socket.fileno())
            if self._unsent is None:
                self._loop.call_soon(self._finish)

    def abort(self) -> None:
        """Close the socket now; what was not sent is lost."""
        if self._unsent is not None:
            self._loop.remove_writer(self._socket.fileno())
            self._unsent = None
            if self._is_closing:
                self._loop.call_soon(self._finish)
        self.close()

    def _finish(self) -> None:
        self._socket.close()
        self._receiver.connection_lost()

    def _read(self) -> None:
        try:
            size = self._socket.recv_into(self._read_buffer)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self.abort()
            return
        if size:
            self._receiver.data_received(self._read_buffer[:size])
        else:
            # A peer that has closed its side without a close frame is gone.
            self.abort()

    def _send(self, data: bytes | bytearray) -> int:
        try:
            return self._socket.send(data)
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError:
            self.abort()
            return 0

    def _write_on(self) -> None:
        unsent = self._unsent or bytearray()
        del unsent[: self._send(unsent)]
        if len(unsent) <= _LOW_WATER_BYTES:
            self._receiver.room_changed(is_full=False)
        if not unsent:
            self._end_writing()

    def _end_writing(self) -> None:
        self._loop.remove_writer(self._socket.fileno())
        self._unsent = None
        if self._is_closing:
            self._finish()
        elif self._has_eof:
            self.write_eof()


class LoopTransport(asyncio.Protocol):
    """The event loop's own transport in the same form."""

    __slots__ = ("_make_receiver", "_receiver", "_transport")

    def __init__(self, make_receiver: Callable[[LoopTransport], Receiver]) -> None:
        self._make_receiver = make_receiver

    # -- asyncio's callbacks -------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let the receiver begin."""
        self._transport = cast(asyncio.Transport, transport)
        self._receiver = self._make_receiver(self)

    def data_received(self, data: bytes) -> None:
        """Pass bytes on."""
        self._receiver.data_received(memoryview(data))

    def eof_received(self) -> None:
        """Cut: a peer that has closed its side without a close frame is gone."""
        self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the receiver."""
        self._receiver.connection_lost()

    def pause_writing(self) -> None:
        """Tell the receiver that the peer reads too slowly."""
        self._receiver.room_changed(is_full=True)

    def resume_writing(self) -> None:
        """Tell the receiver that the peer reads fast enough again."""
        self._receiver.room_changed(is_full=False)

    # -- from the receiver ---------------------------------------------------------------------

    def hand_over(self, receiver: Receiver) -> None:
        """Have another receiver go on."""
        self._receiver = receiver

    def write(self, data: bytes) -> None:
        """Have the loop send ``data`` in this pass."""
        if not self._transport.is_closing():
            self._transport.write(data)

    def write_eof(self) -> None:
        """Say that nothing more will be written, after what was."""
        if not self._transport.is_closing():
            self._transport.write_eof()

    def close(self) -> None:
        """Read no more; close the socket when everything written has been sent."""
        self._transport.close()

    def abort(self) -> None:
        """Close the socket now; what was not sent is lost."""
        self._transport.abort()
