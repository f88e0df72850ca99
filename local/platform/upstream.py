"""The platform's end of the socket to an engine's server: frames out, turns and chunks in.

Used by conversations, and by tests that talk to a server with no client in between. Knows nothing
of clients, engines' settings, or what to do when an answer fails to come.
Source: https://elevenlabs.io/docs/eleven-api/guides/how-to/speech-engine
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from websockets.exceptions import ConnectionClosed

from local.platform.clock import Clock, SystemClock, happens_within
from local.platform.event_ids import EventIds

if TYPE_CHECKING:
    from local.platform.dialling import EngineConnection
    from local.platform.json_types import JsonObject

WAIT_SECONDS = 5.0


@dataclass(frozen=True)
class Chunk:
    """One `agent_response` frame; `stale` when a newer turn had begun before it came."""

    content: str
    event_id: int | None
    is_final: bool
    received_at: float
    stale: bool


@dataclass
class Turn:
    """A transcript that was sent under one event id, and what has come back for it."""

    event_id: int
    frame: JsonObject
    upstream: Upstream
    sent_times: list[float] = field(default_factory=list)
    chunks: list[Chunk] = field(default_factory=list)
    answered: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def text(self) -> str:
        """Return the answer so far."""
        return "".join(chunk.content for chunk in self.chunks)

    @property
    def finals(self) -> int:
        """Return how many final frames came."""
        return sum(chunk.is_final for chunk in self.chunks)

    async def first_chunk(self, seconds: float = WAIT_SECONDS) -> Chunk:
        """Wait for the first frame of the answer."""
        await self.upstream.until(lambda: bool(self.chunks), seconds)
        return self.chunks[0]

    async def answer(self, seconds: float = WAIT_SECONDS) -> str:
        """Wait for the final frame and return the whole text."""
        await self.upstream.until(lambda: self.finals > 0, seconds)
        return self.text


ChunkListener = Callable[[Turn, Chunk], Awaitable[None]]


class Upstream:
    """One open socket to an engine's server.

    `frames` holds everything that came, in order; `stale_chunks` counts the chunks of superseded
    turns.
    """

    def __init__(
        self,
        connection: EngineConnection,
        conversation_id: str,
        *,
        clock: Clock | None = None,
        ids: EventIds | None = None,
    ) -> None:
        self.connection = connection
        self.conversation_id = conversation_id
        self.history: list[JsonObject] = []
        self.turns: dict[int, Turn] = {}
        self.frames: list[Any] = []
        self.stale_chunks = 0
        self.pongs = 0
        self.listener: ChunkListener | None = None
        self.closed = asyncio.Event()
        self._ids = ids or EventIds()
        self._clock = clock or SystemClock()
        self._newest: Turn | None = None
        self._changed = asyncio.Condition()
        self._reader = asyncio.create_task(self._read(), name="upstream reader")

    @property
    def close_code(self) -> int | None:
        """Return the WebSocket close code once the socket is closed."""
        return self.connection.close_code

    @property
    def close_reason(self) -> str | None:
        """Return the reason that came with the close code."""
        return self.connection.close_reason

    async def init(self) -> None:
        """Send the conversation's first frame."""
        await self.send({"type": "init", "conversation_id": self.conversation_id})

    async def say(self, text: str, *, event_id: int | None = None) -> Turn:
        """Let the user say `text`: the newest answer joins the history, then a new turn begins."""
        if self._newest is not None and self._newest.text:
            self.history.append({"role": "agent", "content": self._newest.text})
        self.history.append({"role": "user", "content": text})
        return await self.transcribe(self.history, event_id)

    async def transcribe(
        self, history: Sequence[Mapping[str, Any]], event_id: int | None = None
    ) -> Turn:
        """Begin a turn with exactly this history."""
        event_id = self._ids.next_turn() if event_id is None else event_id
        frame = {
            "type": "user_transcript",
            "user_transcript": [dict(message) for message in history],
            "event_id": event_id,
        }
        turn = self.turns.setdefault(event_id, Turn(event_id, frame, self))
        self._newest = turn
        await self.send_turn(turn)
        return turn

    async def send_turn(self, turn: Turn) -> None:
        """Send a turn's frame: the first time, or once more as it was."""
        turn.sent_times.append(self._clock.time())
        await self.send(turn.frame)

    async def ping(self) -> None:
        """Send an application-level ping; `pongs` counts the answers."""
        await self.send({"type": "ping"})

    async def send(self, frame: Mapping[str, Any] | str | bytes) -> None:
        """Send one frame: a mapping as JSON, text and bytes as they are.

        Raises `ConnectionError` when the socket is closed.
        """
        data = json.dumps(frame) if isinstance(frame, Mapping) else frame
        try:
            await self.connection.send(data)
        except ConnectionClosed as error:
            raise ConnectionError("the upstream socket is closed") from error
        self.connection.activity.set()

    async def until(self, condition: Callable[[], bool], seconds: float = WAIT_SECONDS) -> None:
        """Wait until `condition()` holds; it is looked at after each frame and at the close.

        Raises `TimeoutError`, or `ConnectionError` when the socket closes first. Real seconds.
        """
        async with asyncio.timeout(seconds), self._changed:
            await self._changed.wait_for(lambda: condition() or self.closed.is_set())
        if not condition():
            raise ConnectionError(f"upstream closed: {self.close_code} {self.close_reason}")

    async def close(self) -> None:
        """End the conversation in order: a `close` frame, then the WebSocket close."""
        with contextlib.suppress(ConnectionError):
            await self.send({"type": "close"})
        await self.disconnect()

    async def disconnect(self) -> None:
        """Close the WebSocket with no word before."""
        await self.connection.close()
        await self._reader

    async def drop(self) -> None:
        """Cut the line with no close handshake."""
        self.connection.transport.abort()
        await self._reader

    async def drop_when_idle(self, seconds: float) -> None:
        """Cut the line once that many seconds of the clock pass without a byte either way."""
        activity = self.connection.activity
        activity.clear()
        while await happens_within(activity, seconds, self._clock):
            activity.clear()
        await self.drop()

    async def _read(self) -> None:
        try:
            async for data in self.connection:
                await self._take(data)
        except ConnectionClosed:
            pass
        finally:
            self.closed.set()
            await self._announce()

    async def _take(self, data: str | bytes) -> None:
        try:
            frame = json.loads(data)
        except ValueError:
            frame = data
        self.frames.append(frame)
        kind = frame.get("type") if isinstance(frame, dict) else None
        if kind == "pong":
            self.pongs += 1
        elif kind == "agent_response":
            await self._take_chunk(frame)
        await self._announce()

    async def _take_chunk(self, frame: JsonObject) -> None:
        event_id = frame.get("event_id")
        turn = self.turns.get(event_id) if isinstance(event_id, int) else None
        stale = turn is None or turn is not self._newest
        self.stale_chunks += stale
        if turn is None:
            return
        is_final = frame.get("is_final") is True
        content = str(frame.get("content", ""))
        chunk = Chunk(content, event_id, is_final, self._clock.time(), stale)
        turn.chunks.append(chunk)
        turn.answered.set()
        if self.listener is not None:
            await self.listener(turn, chunk)

    async def _announce(self) -> None:
        async with self._changed:
            self._changed.notify_all()
