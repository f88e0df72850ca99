"""Conversations on a route of an existing ASGI application (FastAPI, Starlette).

https://asgi.readthedocs.io/en/latest/specs/www.html
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

from .context import SessionContext
from .gate import Answer, Gate
from .http1 import SERVICE_UNAVAILABLE
from .session import SpeechEngineSession
from .sockets import SocketClosed
from .wire import GOING_AWAY, POLICY_VIOLATION, TRY_AGAIN_LATER

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_DENIAL = "websocket.http.response"


class AsgiSocket:
    """An accepted ASGI WebSocket in the shape of `sockets.WebSocketLike`."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send

    async def recv(self) -> str | bytes:
        """The next message, text or binary. Raises SocketClosed at the end."""
        message = await self._receive()
        if message["type"] == "websocket.disconnect":
            raise SocketClosed(message.get("code"))
        text: str | None = message.get("text")
        return text if text is not None else bytes(message.get("bytes") or b"")

    async def send(self, data: str, /) -> None:
        """Send one text message."""
        await self._send({"type": "websocket.send", "text": data})

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the socket."""
        await self._send({"type": "websocket.close", "code": code, "reason": reason})


@dataclass(slots=True, kw_only=True)
class Endpoint:
    """An ASGI application for WebSocket scopes: judges the upgrade, then runs the session."""

    gate: Gate
    context: SessionContext
    sessions: set[SpeechEngineSession]

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in scope["headers"]
        }
        await receive()
        answer = self.gate.judge_upgrade(scope["path"], headers, len(self.sessions))
        if answer is not None:
            await _refuse(scope, send, answer)
            return
        await send({"type": "websocket.accept"})
        session = SpeechEngineSession(
            AsgiSocket(receive, send),
            context=self.context,
            request_headers=self.gate.public_headers(headers),
        )
        self.sessions.add(session)
        try:
            await session.run()
        finally:
            self.sessions.discard(session)


class Attachment:
    """A route that holds conversations; `close` takes it off and leaves the application alone."""

    def __init__(self, routes: list[Any], route: Any, endpoint: Endpoint) -> None:
        self._routes = routes
        self._route = route
        self._endpoint = endpoint

    @property
    def conversations(self) -> int:
        """How many conversations are live now."""
        return len(self._endpoint.sessions)

    def close(self) -> None:
        """Remove the route and end its conversations (1001). Calling it again does nothing."""
        self._endpoint.gate.is_ready = False
        if self._route in self._routes:
            self._routes.remove(self._route)
        for session in list(self._endpoint.sessions):
            session.disconnect(GOING_AWAY, "the server is shutting down")


def attach(app: Any, path: str, gate: Gate, context: SessionContext) -> Attachment:
    """Put a route at ``path`` before the routes of ``app``. Raises TypeError if it has none."""
    routes = getattr(getattr(app, "router", None), "routes", None)
    if not isinstance(routes, list):
        raise TypeError(
            f"cannot attach to a {type(app).__name__}: expected a FastAPI or Starlette application"
        )
    # Imported here: whoever attaches has Starlette, whoever serves does not need it.
    from starlette.routing import WebSocketRoute

    endpoint = Endpoint(gate=gate, context=context, sessions=set())
    route = WebSocketRoute(path, endpoint)
    routes.insert(0, route)
    gate.is_ready = True
    return Attachment(routes, route, endpoint)


async def _refuse(scope: Message, send: Send, answer: Answer) -> None:
    if _DENIAL not in (scope.get("extensions") or {}):
        code = TRY_AGAIN_LATER if answer.status == SERVICE_UNAVAILABLE else POLICY_VIOLATION
        await send({"type": "websocket.close", "code": code, "reason": answer.body.strip()})
        return
    headers = {"content-type": "text/plain; charset=utf-8", **answer.headers}
    await send(
        {
            "type": f"{_DENIAL}.start",
            "status": answer.status,
            "headers": [(k.lower().encode(), v.encode()) for k, v in headers.items()],
        }
    )
    await send({"type": f"{_DENIAL}.body", "body": answer.body.encode()})
