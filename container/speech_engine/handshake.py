"""A connection's HTTP stage: health checks, refusals, and the upgrade to a conversation."""

from __future__ import annotations

import asyncio
import logging
from typing import cast

from websockets.http11 import Request
from websockets.server import ServerProtocol

from . import debug_log
from .connection import Connection, Shared
from .gate import Answer

_logger = logging.getLogger(debug_log.LOGGER_NAME)


class Handshake(asyncio.Protocol):
    """Reads one request and answers it; on an upgrade a `Connection` takes over the transport."""

    __slots__ = ("_http", "_opened_at", "_shared", "_transport")

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._http = ServerProtocol(logger=_SILENT)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._opened_at = asyncio.get_running_loop().time()
        self._shared.handshakes.add(self)

    def data_received(self, data: bytes) -> None:
        http = self._http
        http.receive_data(data)
        for request in http.events_received():
            self._answer(cast(Request, request))
            return
        self._write_out()

    def connection_lost(self, exc: Exception | None) -> None:
        self._shared.handshakes.discard(self)

    def tick(self, now: float) -> None:
        """Cut off a peer that does not finish its request."""
        if now - self._opened_at > self._shared.context.limits.init_seconds:
            self._transport.abort()

    def abort(self) -> None:
        """Cut the connection."""
        self._transport.abort()

    def _answer(self, request: Request) -> None:
        gate, headers = self._shared.gate, request.headers
        answer = gate.judge_probe(request.path) or gate.judge_upgrade(
            request.path, headers, len(self._shared.connections)
        )
        if answer is not None:
            self._refuse(request, answer)
            return
        response = self._http.accept(request)
        self._http.send_response(response)
        self._write_out()
        if response.status_code == 101:
            self._open(gate.public_headers(list(headers.raw_items())))

    def _open(self, headers: dict[str, str]) -> None:
        self._shared.handshakes.discard(self)
        connection = Connection(self._shared, self._transport, headers)
        self._transport.set_protocol(connection)
        early = self._http.reader.buffer
        if early:
            connection.feed(early)

    def _refuse(self, request: Request, answer: Answer) -> None:
        if answer.reason and _logger.isEnabledFor(logging.INFO):
            fields = {"status": answer.status.value, "reason": answer.reason}
            _logger.info("connection refused", extra={"fields": fields})
        response = self._http.reject(answer.status, answer.body)
        response.headers.update(answer.headers)
        if request.method == "HEAD":
            response.body = b""
        self._http.send_response(response)
        self._write_out()

    def _write_out(self) -> None:
        for data in self._http.data_to_send():
            if data:
                self._transport.write(data)
            else:
                self._transport.close()


# The library's own log lines would say again, for each connection, what this module logs.
_SILENT = logging.Logger("speech_engine.handshake", logging.CRITICAL + 1)
