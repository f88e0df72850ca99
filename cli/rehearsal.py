"""An agent's conversation without a platform: a real session, a typed transcript, no socket.

It lives on one event loop, and takes the platform's part there: it sends the whole transcript at
every turn, with what was heard of each answer. It knows no terminal and no settings.
https://elevenlabs.io/docs/api-reference/speech-engine
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, Protocol

from speech_engine import ENDED, ERROR, TURN_ENDED, Limits, SpeechEngineSession, Turn
from speech_engine.context import SessionContext
from speech_engine.handlers import Handlers
from speech_engine.session import TICK_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# Nobody pings here, and a person may think for as long as they like.
_LIMITS = Limits(idle_seconds=Limits().conversation_seconds)
_SETTLE_SECONDS = 1.0


class Audience(Protocol):
    """Who hears the agent. Everything is called on the event loop's thread."""

    def hear(self, text: str, *, is_first: bool) -> None:
        """A piece of the answer."""

    def end_turn(self, turn: Turn) -> None:
        """The answer is whole; an interrupted one never is."""

    def tell_error(self, error: Exception) -> None:
        """The agent's code, or a stream that it sent, has failed."""

    def tell_end(self) -> None:
        """The agent has ended the conversation."""


class Rehearsal:
    """One conversation with the agent that `handlers` are."""

    def __init__(self, handlers: Mapping[str, Callable[..., Any]], audience: Audience) -> None:
        self._audience = audience
        self._transcript: list[dict[str, str]] = []
        self._heard: list[str] = []
        self._event_id = 0
        self._ticking: asyncio.Task[None] | None = None
        self._context = SessionContext(handlers=Handlers(**handlers), limits=_LIMITS)
        self._session = SpeechEngineSession(context=self._context, channel=_Words(self._hear))

    def open(self) -> None:
        """Begin, on the running event loop."""
        session = self._session
        session.on(ERROR, self._audience.tell_error).on(TURN_ENDED, self._end_turn)
        session.on(ENDED, self._audience.tell_end)
        session.open()
        session.receive(json.dumps({"type": "init", "conversation_id": "conv_rehearsal"}))
        self._ticking = asyncio.get_running_loop().create_task(self._tick())

    def say(self, text: str) -> None:
        """The user says something; an answer that still goes on is interrupted."""
        if self._heard:
            self._transcript.append({"role": "agent", "content": "".join(self._heard)})
            self._heard = []
        self._transcript.append({"role": "user", "content": text})
        self._event_id += 1
        frame = {
            "type": "user_transcript",
            "user_transcript": self._transcript,
            "event_id": self._event_id,
        }
        self._session.receive(json.dumps(frame))

    async def close(self) -> None:
        """End the conversation; handlers that go on after a moment are cancelled by the loop."""
        if self._ticking is not None:
            self._ticking.cancel()
        self._session.off(ENDED, self._audience.tell_end).close()
        await self._context.tasks.wait(_SETTLE_SECONDS)

    def _hear(self, texts: list[str]) -> None:
        for text in texts:
            self._audience.hear(text, is_first=not self._heard)
            self._heard.append(text)

    def _end_turn(self, turn: Turn) -> None:
        # Told late, behind an asynchronous handler of the agent's, it may be an old turn's.
        if turn.event_id == self._event_id and turn.outcome != "interrupted":
            self._audience.end_turn(turn)

    async def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(TICK_SECONDS)
            self._session.tick(loop.time())


class _Words:
    """The session's way out: the words only. What the platform needs besides concerns nobody."""

    is_full = False

    def __init__(self, hear: Callable[[list[str]], None]) -> None:
        self._hear = hear

    def write(self, text: str) -> None:
        """Frames without words."""

    def write_chunks(self, texts: list[str], end: str) -> None:
        """Pass words on at once."""
        self._hear(texts)

    def flush(self) -> None:
        """Nothing is kept."""

    async def drain(self) -> None:
        """There is always room."""

    async def close(self, code: int, reason: str) -> None:
        """Nothing is open."""
