"""The client's WebSocket as the conversation sees it: events out, frames in, both kept for tests.

Knows nothing of what the events mean.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Collection

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from local.platform.json_types import JsonObject

SEND_SECONDS = 10.0
KEPT_EVENTS = 10_000
REASON_BYTES = 123  # what fits into a close frame (RFC 6455, 5.5)


class MalformedFrameError(ValueError):
    """A frame that is no JSON object."""


class ClientChannel:
    """Sends events, drops those the engine leaves out, and survives a client that is gone."""

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket
        self.allowed_events: Collection[str] | None = None
        self.sent: deque[JsonObject] = deque(maxlen=KEPT_EVENTS)
        self.received: deque[JsonObject] = deque(maxlen=KEPT_EVENTS)

    async def send(self, event: JsonObject) -> None:
        """Send one event, unless the engine's `client_events` leave its type out."""
        if self.allowed_events is not None and event["type"] not in self.allowed_events:
            return
        self.sent.append(event)
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await self._websocket.send_text(json.dumps(event))
        except (WebSocketDisconnect, RuntimeError, TimeoutError):
            pass  # a client that left is noticed by `receive`

    async def receive(self) -> JsonObject | None:
        """Return the next frame, or None once the client has left.

        Raises `MalformedFrameError`. Audio is not kept in `received`.
        """
        message = await self._websocket.receive()
        if message["type"] == "websocket.disconnect":
            return None
        frame = _decode(message.get("text") or message.get("bytes") or b"")
        if "user_audio_chunk" not in frame:
            self.received.append(frame)
        return frame

    async def close(self, code: int, reason: str) -> None:
        """Close the socket with a code and a reason; nothing happens if it is closed."""
        if self._websocket.client_state is WebSocketState.DISCONNECTED:
            return
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await self._websocket.close(code, _shorten(reason))
        except (WebSocketDisconnect, RuntimeError, TimeoutError):
            pass


def _decode(data: str | bytes) -> JsonObject:
    try:
        frame = json.loads(data)
    except ValueError as error:
        raise MalformedFrameError("a frame is not JSON") from error
    if not isinstance(frame, dict):
        raise MalformedFrameError("a frame is not a JSON object")
    return frame


def _shorten(reason: str) -> str:
    return reason.encode()[:REASON_BYTES].decode(errors="ignore")
