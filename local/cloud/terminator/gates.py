"""Where asyncio takes connections of one listener, with TLS or without.

A gate stays while what lies behind it changes: asyncio drops connections that it has accepted but
not handed over when a server closes.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from local.cloud.terminator.model import Listener
    from local.cloud.terminator.tunnels import Stream

_LARGEST_HEAD_BYTES = 64 * 1024
_TLS_VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


class Gate:
    """Takes connections for one port of the load balancer."""

    def __init__(self, listener: Listener, bundle: Path) -> None:
        self.protocol = listener.protocol
        self._port = listener.port
        self._context: ssl.SSLContext | None = None
        self._server: asyncio.Server | None = None
        if listener.protocol == "HTTPS":
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(bundle)
            self.demand(listener)

    def demand(self, listener: Listener) -> None:
        """Refuse from now on TLS that is older than the listener allows."""
        if self._context is not None:
            self._context.minimum_version = _TLS_VERSIONS[listener.min_tls]

    async def open(
        self, door: socket.socket, serve: Callable[[int, Stream], Awaitable[None]]
    ) -> None:
        """Hand each connection to `serve`; the socket stays its owner's."""

        async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await serve(self._port, (reader, writer))

        self._server = await asyncio.start_server(
            take, sock=door.dup(), ssl=self._context, limit=_LARGEST_HEAD_BYTES
        )

    def close(self) -> None:
        """Take no more connections."""
        if self._server is not None:
            self._server.close()
