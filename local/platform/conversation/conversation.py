"""One conversation from its first event to its record: sockets, tasks, what the client sends.

Whose turn it is belongs to the dialogue.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING

from local.platform.audio import AudioFormat, Voice
from local.platform.conversation import events
from local.platform.conversation.answers import Answer, SpokenAnswer, TextAnswer
from local.platform.conversation.client import ClientChannel, MalformedFrameError
from local.platform.conversation.dialogue import Dialogue
from local.platform.conversation.ears import Ears
from local.platform.conversation.endings import (
    CLIENT_LEFT,
    DURATION_REACHED,
    ENGINE_HUNG_UP,
    ENGINE_LOST,
    INVALID_MESSAGE,
    SIMULATOR_FAILED,
    Ending,
    unreachable,
)
from local.platform.conversation.record import Record
from local.platform.conversation.tasks import Tasks
from local.platform.dialling import EngineConnection, EngineUnreachableError
from local.platform.event_ids import EventIds
from local.platform.scripts import ToolCall
from local.platform.upstream import Upstream

if TYPE_CHECKING:
    from local.platform.clock import Clock
    from local.platform.conversation.initiation import Initiation
    from local.platform.engines import Engine
    from local.platform.json_types import JsonObject
    from local.platform.scripts import Script

Dial = Callable[[], Awaitable[EngineConnection]]


class Conversation:
    """A client, an engine's server, and the platform between them.

    For tests: `client.sent` and `client.received` hold the events, `upstream` the other socket,
    `record` what was said, `tool_results` what the client's tools returned by call id.
    """

    def __init__(
        self,
        conversation_id: str,
        engine: Engine,
        initiation: Initiation,
        client: ClientChannel,
        *,
        clock: Clock,
        script: Script,
        characters_per_second: float,
    ) -> None:
        self.id = conversation_id
        self.engine = engine
        self.initiation = initiation
        self.client = client
        self.record = Record(conversation_id, engine.id, engine.settings.name, initiation, clock)
        self.tool_results: dict[str, JsonObject] = {}
        self.contextual_updates: list[str] = []
        self.ended = asyncio.Event()
        self._clock = clock
        self._script = script
        self._ending: Ending | None = None
        self._ending_known = asyncio.Event()
        self._ids = EventIds()
        self._tasks = Tasks(partial(self.end, SIMULATOR_FAILED))
        self._upstream: Upstream | None = None
        self._dialogue: Dialogue | None = None
        settings = engine.settings
        self._voice = Voice(
            AudioFormat.parse(settings.tts.agent_output_audio_format),
            characters_per_second * settings.tts.speed,
        )
        microphone = AudioFormat.parse(settings.asr.user_input_audio_format)
        self.ears = Ears(microphone, script.utterances)
        self._pings: dict[int, float] = {}
        self._ping_ms: int | None = None

    @property
    def is_open(self) -> bool:
        """Tell whether the engine's server has been dialled."""
        return self._upstream is not None

    @property
    def upstream(self) -> Upstream:
        """Return the socket to the engine's server. Raises `RuntimeError` before it is open."""
        if self._upstream is None:
            raise RuntimeError("the engine has not been dialled")
        return self._upstream

    @property
    def stale_chunks(self) -> int:
        """Return how many chunks were dropped because a newer turn had begun."""
        return self._upstream.stale_chunks if self._upstream else 0

    @property
    def dialogue(self) -> Dialogue:
        """Return the turns. Raises `RuntimeError` before the engine is dialled."""
        if self._dialogue is None:
            raise RuntimeError("the engine has not been dialled")
        return self._dialogue

    def end(self, ending: Ending) -> None:
        """Let the conversation end this way; the first ending counts."""
        if self._ending is None:
            self._ending = ending
            self._ending_known.set()

    async def say(self, text: str) -> None:
        """Let the user say `text` aloud, as a test's own doing."""
        await self.dialogue.say(text, typed=False)

    async def call_tool(self, name: str, parameters: JsonObject | None = None) -> str:
        """Order the client to run a tool; `tool_results` gets the result under the returned id."""
        return await self.dialogue.call_tool(ToolCall(name, parameters or {}))

    async def run(self, dial: Dial) -> None:
        """Hold the conversation to its end."""
        try:
            await self._open(dial)
            await self._ending_known.wait()
        except EngineUnreachableError as error:
            self.end(unreachable(str(error)))
        finally:
            await self._close()

    async def _open(self, dial: Dial) -> None:
        connection = await dial()
        self._upstream = Upstream(connection, self.id, clock=self._clock, ids=self._ids)
        self._dialogue = self._begin_dialogue(self._upstream)
        await self._send_metadata()
        try:
            await self._upstream.init()
        except ConnectionError:
            self.end(ENGINE_LOST)
            return
        if self.initiation.first_message:
            await self._dialogue.greet(self.initiation.first_message)
        for work in (
            self._listen(),
            self._watch_upstream(),
            self._limit_duration(),
            self._ping_client(),
            self._ping_upstream(),
        ):
            self._tasks.spawn(work)
        if self._script.idle_drop_seconds is not None:
            self._tasks.spawn(self._upstream.drop_when_idle(self._script.idle_drop_seconds))

    def _begin_dialogue(self, upstream: Upstream) -> Dialogue:
        return Dialogue(
            upstream=upstream,
            client=self.client,
            record=self.record,
            ids=self._ids,
            script=self._script,
            clock=self._clock,
            tasks=self._tasks,
            cascade_seconds=self.engine.settings.cascade_timeout_seconds,
            new_answer=self._new_answer,
            end=self.end,
        )

    def _new_answer(self, event_id: int) -> Answer:
        if self.initiation.text_only:
            return TextAnswer(event_id, self.client)
        return SpokenAnswer(event_id, self.client, self._voice, self._ids, self._clock)

    async def _send_metadata(self) -> None:
        settings = self.engine.settings
        await self.client.send(
            events.initiation_metadata(
                self.id,
                settings.tts.agent_output_audio_format,
                settings.asr.user_input_audio_format,
            )
        )
        if "client_events" in settings.conversation.model_fields_set:
            self.client.allowed_events = settings.conversation.client_events

    async def _close(self) -> None:
        await self._tasks.cancel_all()
        ending = self._ending or SIMULATOR_FAILED
        self.record.finish(ending)
        if ending.error_type:
            await self.client.send(
                events.error(ending.close_code, ending.error_type, ending.reason)
            )
        await self.client.close(ending.close_code, ending.reason)
        if self._upstream is not None:
            await self._upstream.close()
        self.ended.set()

    async def _listen(self) -> None:
        try:
            while (frame := await self.client.receive()) is not None:
                await self._take(frame)
        except MalformedFrameError:
            self.end(INVALID_MESSAGE)
        self.end(CLIENT_LEFT)

    async def _take(self, frame: JsonObject) -> None:
        """Act on one frame of the client; frames that ask for nothing are only kept."""
        if "user_audio_chunk" in frame:
            await self._hear(str(frame["user_audio_chunk"]))
        elif frame.get("type") == "user_message":
            await self.dialogue.say(str(frame.get("text") or ""), typed=True)
        elif frame.get("type") == "multimodal_message":
            message = frame.get("text") or {}
            await self.dialogue.say(str(message.get("text") or ""), typed=True)
        elif frame.get("type") == "pong":
            self._measure(frame)
        elif frame.get("type") == "client_tool_result":
            self.tool_results[str(frame.get("tool_call_id"))] = frame
        elif frame.get("type") == "contextual_update":
            self.contextual_updates.append(str(frame.get("text", "")))
        elif frame.get("type") == "feedback":
            self.record.votes[str(frame.get("score"))] += 1

    async def _hear(self, chunk: str) -> None:
        if self.initiation.text_only:
            return
        try:
            audio = base64.b64decode(chunk, validate=True)
        except binascii.Error:
            self.end(INVALID_MESSAGE)
            return
        said = self.ears.hear(
            audio,
            quiet=self.dialogue.is_quiet(),
            agent_speaking=self.dialogue.is_agent_speaking(),
        )
        if said is not None:
            await self.dialogue.say(said, typed=False)

    def _measure(self, frame: JsonObject) -> None:
        sent_at = self._pings.pop(frame.get("event_id", 0), None)
        if sent_at is not None:
            # At least 1: Python's client takes 0 for "not measured".
            self._ping_ms = max(1, round((self._clock.time() - sent_at) * 1000))

    async def _ping_client(self) -> None:
        event_id = 0
        while self._script.client_ping_seconds > 0:
            event_id += 1
            self._pings[event_id] = self._clock.time()
            await self.client.send(events.ping(event_id, self._ping_ms))
            await self._clock.sleep(self._script.client_ping_seconds)
            self._pings.pop(event_id, None)

    async def _ping_upstream(self) -> None:
        while self._script.upstream_ping_seconds > 0:
            await self._clock.sleep(self._script.upstream_ping_seconds)
            try:
                await self.upstream.ping()
            except ConnectionError:
                self.end(ENGINE_LOST)
                return

    async def _limit_duration(self) -> None:
        await self._clock.sleep(self.engine.settings.conversation.max_duration_seconds)
        self.end(DURATION_REACHED)

    async def _watch_upstream(self) -> None:
        await self.upstream.closed.wait()
        hung_up = self.upstream.close_code in {1000, 1001}
        self.end(ENGINE_HUNG_UP if hung_up else ENGINE_LOST)
