"""Pings to the client, and what their round trips took."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.platform.conversation import events

if TYPE_CHECKING:
    from local.platform.clock import Clock
    from local.platform.conversation.client import ClientChannel
    from local.platform.json_types import JsonObject


class ClientPings:
    """Sends a ping every `pause_seconds`; each carries the last measured round trip."""

    def __init__(self, client: ClientChannel, clock: Clock, pause_seconds: float) -> None:
        self._client = client
        self._clock = clock
        self._pause_seconds = pause_seconds
        self._event_id = 0
        self._sent_at = 0.0
        self._round_trip_ms: int | None = None

    async def run(self) -> None:
        """Ping until cancelled; a pause of 0 seconds means no pings at all."""
        while self._pause_seconds > 0:
            self._event_id += 1
            self._sent_at = self._clock.time()
            await self._client.send(events.ping(self._event_id, self._round_trip_ms))
            await self._clock.sleep(self._pause_seconds)

    def take_pong(self, frame: JsonObject) -> None:
        """Measure the round trip of the newest ping; a late pong measures nothing."""
        if frame.get("event_id") == self._event_id:
            # At least 1: Python's client takes 0 for "not measured".
            elapsed_seconds = self._clock.time() - self._sent_at
            self._round_trip_ms = max(1, round(elapsed_seconds * 1000))
