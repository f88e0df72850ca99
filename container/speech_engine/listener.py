"""The listening sockets: accepts connections and starts their handshakes."""

from __future__ import annotations

import asyncio
import logging
import socket

from . import debug_log
from .connection import Shared
from .handshake import Handshake
from .transport import LoopTransport, SocketTransport, Transport

_BACKLOG = 1024
_ACCEPTED_AT_ONCE = 64
"""Connections taken in one pass of the event loop, so that live ones get their turn."""

_PAUSE_SECONDS = 1.0
"""How long accepting rests when the process has no file descriptors left."""

_logger = logging.getLogger(debug_log.LOGGER_NAME)


class Listener:
    """Listens on every address that a host name stands for."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._loop = asyncio.get_running_loop()
        self.sockets: tuple[socket.socket, ...] = ()
        self._has_fast_transports = type(self._loop).__module__.startswith("uvloop")
        self._servers: list[asyncio.Server] = []

    async def open(self, host: str, port: int) -> None:
        """Bind and listen. Raises OSError if an address can't be had, and keeps none then."""
        infos = await self._loop.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        try:
            for family, address in dict.fromkeys((info[0], info[4][:2]) for info in infos):
                listening = socket.create_server(address, family=family, backlog=_BACKLOG)
                self.sockets += (listening,)
        except OSError:
            self.close()
            raise
        for listening in self.sockets:
            listening.setblocking(False)
            # Accepted sockets inherit it: no chunk waits until the one before is acknowledged.
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            # A connection is accepted when its request is there: one pass of the loop, not two.
            if hasattr(socket, "TCP_DEFER_ACCEPT"):
                listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 1)
            await self._listen(listening)

    async def _listen(self, listening: socket.socket) -> None:
        if not self._has_fast_transports:
            self._resume(listening)
            return
        server = await self._loop.create_server(
            lambda: LoopTransport(self._shake_hands), sock=listening, backlog=_BACKLOG
        )
        self._servers.append(server)

    def _shake_hands(self, transport: Transport) -> Handshake:
        return Handshake(self._shared, self._loop.time(), transport)

    def close(self) -> None:
        """Stop listening."""
        for server in self._servers:
            server.close()
        self._servers.clear()
        for listening in self.sockets:
            if listening.fileno() >= 0:
                self._loop.remove_reader(listening.fileno())
                listening.close()
        self.sockets = ()

    def _resume(self, listening: socket.socket) -> None:
        if listening.fileno() >= 0:
            self._loop.add_reader(listening.fileno(), self._accept, listening)

    def _accept(self, listening: socket.socket) -> None:
        for _ in range(_ACCEPTED_AT_ONCE):
            try:
                connected, _ = listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                _logger.error("cannot accept connections", exc_info=error)
                self._loop.remove_reader(listening.fileno())
                self._loop.call_later(_PAUSE_SECONDS, self._resume, listening)
                return
            connected.setblocking(False)
            buffer = self._shared.read_buffer
            SocketTransport(self._loop, connected, buffer, self._shake_hands).start()
