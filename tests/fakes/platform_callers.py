"""People who talk through ElevenLabs' Python clients, and note every callback they get."""

from __future__ import annotations

import asyncio
import threading
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.fakes.platform_sdk import (
    AsyncAudioInterface,
    AsyncConversation,
    AudioInterface,
    Conversation,
    sdk_client,
)
from tests.fakes.platform_waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from tests.fakes.platform_stage import Stage

BLOCK = bytes(8000)  # 250 ms of silence at 16 kHz, the official interface's block
BLOCK_SECONDS = 0.01  # real time between blocks: 25 times faster than life


@dataclass
class Notes:
    """Everything the client called back, in order of arrival for each kind."""

    responses: list[str] = field(default_factory=list)
    corrections: list[tuple[str, str]] = field(default_factory=list)
    parts: list[tuple[str, str]] = field(default_factory=list)
    transcripts: list[str] = field(default_factory=list)
    latencies: list[int] = field(default_factory=list)
    alignments: list[Any] = field(default_factory=list)
    disconnects: list[Any] = field(default_factory=list)

    def callbacks(self) -> dict[str, Callable[..., None]]:
        """Return the keyword arguments of `Conversation` that note what happens."""
        return {
            "callback_agent_response": self.responses.append,
            "callback_agent_response_correction": lambda *texts: self.corrections.append(texts),
            "callback_agent_chat_response_part": lambda text, kind: self.parts.append(
                (kind.value, text)
            ),
            "callback_user_transcript": self.transcripts.append,
            "callback_latency_measurement": self.latencies.append,
            "callback_audio_alignment": self.alignments.append,
            "callback_disconnect": self.disconnects.append,
        }

    def async_callbacks(self) -> dict[str, Callable[..., Awaitable[None]]]:
        """Return the same for `AsyncConversation`."""
        return {name: _as_coroutine(call) for name, call in self.callbacks().items()}


def _as_coroutine(callback: Callable[..., None]) -> Callable[..., Awaitable[None]]:
    async def call(*arguments: Any) -> None:
        callback(*arguments)

    return call


@dataclass
class Caller:
    """A live conversation of the synchronous client; its methods run off the loop."""

    conversation: Any  # the official class is only half typed
    notes: Notes

    async def type_text(self, text: str) -> None:
        """Send a message of the user."""
        await asyncio.to_thread(self.conversation.send_user_message, text)

    async def hears(self, count: int) -> str:
        """Wait for the `count`-th answer."""
        await until(lambda: len(self.notes.responses) >= count or self.notes.disconnects)
        assert len(self.notes.responses) >= count, self.notes
        return self.notes.responses[count - 1]

    async def hang_up(self) -> str | None:
        """End the session and return the conversation's id."""
        await asyncio.to_thread(self.conversation.end_session)
        return await self.ended()

    async def ended(self) -> str | None:
        """Wait for the session's end and return the conversation's id."""
        async with asyncio.timeout(10):
            return await asyncio.to_thread(self.conversation.wait_for_session_end)


@asynccontextmanager
async def caller(
    stage: Stage, *, requires_auth: bool = False, connected: bool = True, **options: Any
) -> AsyncIterator[Caller]:
    """Hold a session of the official `Conversation`; it is ended at the end."""
    notes = Notes()
    with sdk_client(stage.platform) as client:
        conversation: Any = Conversation(
            client,
            stage.engine.id,
            requires_auth=requires_auth,
            **{**notes.callbacks(), **options},
        )
        await asyncio.to_thread(conversation.start_session)
        person = Caller(conversation, notes)
        try:
            if connected:
                await until(lambda: conversation._conversation_id or notes.disconnects)
            yield person
        finally:
            await person.hang_up()


@asynccontextmanager
async def async_caller(
    stage: Stage, *, requires_auth: bool = False, **options: Any
) -> AsyncIterator[tuple[Any, Notes]]:
    """Hold a session of the official `AsyncConversation`; it is ended at the end."""
    notes = Notes()
    with sdk_client(stage.platform) as client:
        conversation: Any = AsyncConversation(
            client,
            stage.engine.id,
            requires_auth=requires_auth,
            **{**notes.async_callbacks(), **options},
        )
        await conversation.start_session()
        try:
            await until(lambda: conversation._conversation_id or notes.disconnects)
            yield conversation, notes
        finally:
            await conversation.end_session()
            async with asyncio.timeout(10):
                await conversation.wait_for_session_end()


class Microphone(AudioInterface):
    """Sends silence as fast as a quick test allows, and keeps what it is given to play."""

    def __init__(self) -> None:
        self.played: list[bytes] = []
        self.interruptions = 0
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, input_callback: Callable[[bytes], None]) -> None:
        """Begin to send blocks."""

        def run() -> None:
            while not self._stopping.wait(BLOCK_SECONDS):
                input_callback(BLOCK)

        self._thread = threading.Thread(target=run, name="microphone")
        self._thread.start()

    def stop(self) -> None:
        """Send no more blocks."""
        self._stopping.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def output(self, audio: bytes) -> None:
        """Keep what would be played."""
        self.played.append(audio)

    def interrupt(self) -> None:
        """Count an interruption."""
        self.interruptions += 1


class AsyncMicrophone(AsyncAudioInterface):
    """The same for the asynchronous client."""

    def __init__(self) -> None:
        self.played: list[bytes] = []
        self.interruptions = 0
        self._task: asyncio.Task[None] | None = None

    async def start(self, input_callback: Callable[[bytes], Awaitable[None]]) -> None:
        """Begin to send blocks."""

        async def run() -> None:
            while True:
                await input_callback(BLOCK)
                await asyncio.sleep(BLOCK_SECONDS)

        self._task = asyncio.create_task(run())

    async def stop(self) -> None:
        """Send no more blocks."""
        if self._task is not None:
            self._task.cancel()

    async def output(self, audio: bytes) -> None:
        """Keep what would be played."""
        self.played.append(audio)

    async def interrupt(self) -> None:
        """Count an interruption."""
        self.interruptions += 1
