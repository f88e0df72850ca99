"""A connection's HTTP stage: health checks, refusals, and the upgrade to a conversation."""

from __future__ import annotations

import logging

from . import debug_log
from .connection import Connection, Shared
from .gate import Answer
from .http1 import (
    OK,
    SERVICE_UNAVAILABLE,
    BadRequest,
    Request,
    accept_upgrade,
    build_response,
    parse_head,
    take_head,
)
from .transport import Transport

_logger = logging.getLogger(debug_log.LOGGER_NAME)


class Handshake:
    """Reads one request and answers it; on an upgrade a `Connection` takes over the transport."""

    __slots__ = ("_opened_at", "_received", "_shared", "_transport")

    def __init__(self, shared: Shared, now: float, transport: Transport) -> None:
        """Begin at ``now``, a time of the event loop's."""
        self._shared = shared
        self._received = b""
        self._opened_at = now
        self._transport = transport
        shared.handshakes.add(self)

    def data_received(self, data: memoryview) -> None:
        """Answer as soon as the request's head is there."""
        self._received += data
        try:
            parts = take_head(self._received)
            if parts is not None:
                self._answer(parse_head(parts[0]), parts[1])
        except BadRequest as error:
            self._refuse(Answer(error.status, f"{error}\n", str(error)))
        except Exception as error:  # noqa: BLE001 - functions that give keys may raise anything
            fields = {"error": type(error).__name__}
            _logger.error("a request could not be judged", extra={"fields": fields})
            self._refuse(Answer(SERVICE_UNAVAILABLE, "try again\n", "cannot judge"))

    def connection_lost(self) -> None:
        """Forget the connection."""
        self._shared.handshakes.discard(self)

    def room_changed(self, *, is_full: bool) -> None:
        """An answer is short: there is nothing to hold back."""

    def tick(self, now: float) -> None:
        """Cut off a peer that does not finish its request."""
        if now - self._opened_at > self._shared.context.limits.init_seconds:
            self._transport.abort()

    def abort(self) -> None:
        """Cut the connection."""
        self._transport.abort()

    def _answer(self, request: Request, early: bytes) -> None:
        gate = self._shared.gate
        answer = gate.judge_probe(request.method, request.target) or gate.judge_upgrade(
            request.target, request.headers, len(self._shared.connections)
        )
        if answer is not None:
            self._refuse(answer, has_body=request.method != "HEAD")
            return
        self._transport.write(accept_upgrade(request))
        self._shared.handshakes.discard(self)
        headers = gate.public_headers(request.headers)
        connection = Connection(self._shared, self._transport, headers)
        self._transport.hand_over(connection)
        if early:
            connection.data_received(memoryview(early))

    def _refuse(self, answer: Answer, *, has_body: bool = True) -> None:
        if answer.status != OK and _logger.isEnabledFor(logging.INFO):
            fields = {"status": answer.status, "reason": answer.reason}
            _logger.info("connection refused", extra={"fields": fields})
        response = build_response(answer.status, answer.body, answer.headers, has_body=has_body)
        self._transport.write(response)
        self._transport.close()
