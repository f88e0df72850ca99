"""One conversation from its first event to its record: two sockets, their tasks, and the end.

What is said belongs to the dialogue, what the client's frames ask for to the inbox.
"""

from __future__ import annotations

import asyncio
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
    SIMULATOR_FAILED,
    Ending,
    invalid_message,
    unreachable,
)
from local.platform.conversation.inbox import Inbox
from local.platform.conversation.pings import ClientPings
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

    For tests: `client.sent` and `client.received` hold the events, `upstream` is the other socket,
    `inbox` has tool results and contextual updates, `record` what was said and how it ended.
    `upstream`, `dialogue` and `inbox` are there once `is_open` says that the engine was dialled.
    """

    upstream: Upstream
    dialogue: Dialogue
    inbox: Inbox

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
        self.is_open = False
        self.ended = asyncio.Event()
        self._clock = clock
        self._script = script
        self._characters_per_second = characters_per_second
        self._ending: Ending | None = None
        self._ending_known = asyncio.Event()
        self._ids = EventIds()
        self._tasks = Tasks(partial(self.end, SIMULATOR_FAILED))

    @property
    def stale_chunks(self) -> int:
        """Return how many chunks were dropped because a newer turn had begun."""
        return self.upstream.stale_chunks if self.is_open else 0

    def end(self, ending: Ending) -> None:
        """Let the conversation end this way; the first ending counts."""
        if self._ending is None:
            self._ending = ending
            self._ending_known.set()

    async def say(self, text: str) -> None:
        """Let the user say `text` aloud, as a test's own doing."""
        await self.dialogue.say(text, typed=False)

    async def call_tool(self, name: str, parameters: JsonObject | None = None) -> str:
        """Order the client to run a tool; the inbox gets the result under the returned id."""
        return await self.dialogue.call_tool(ToolCall(name, parameters or {}))

    async def run(self, dial: Dial) -> None:
        """Hold the conversation to its end."""
        try:
            self._set_up(await dial())
            await self._begin()
            await self._ending_known.wait()
        except EngineUnreachableError as error:
            self.end(unreachable(str(error)))
        finally:
            await self._close()

    def _set_up(self, connection: EngineConnection) -> None:
        """Put the parts together that need the engine's socket."""
        self.upstream = Upstream(connection, self.id, clock=self._clock, ids=self._ids)
        self.dialogue = Dialogue(
            upstream=self.upstream,
            client=self.client,
            record=self.record,
            ids=self._ids,
            script=self._script,
            clock=self._clock,
            tasks=self._tasks,
            cascade_seconds=self.engine.settings.cascade_timeout_seconds,
            new_answer=self._answer_maker(),
            end=self.end,
        )
        self._pings = ClientPings(self.client, self._clock, self._script.client_ping_seconds)
        self.inbox = Inbox(
            dialogue=self.dialogue, ears=self._make_ears(), pings=self._pings, record=self.record
        )
        self.is_open = True

    def _answer_maker(self) -> Callable[[int], Answer]:
        """Return what makes an answer for an event id: as text, or in the engine's voice."""
        client, ids, clock = self.client, self._ids, self._clock
        if self.initiation.text_only:
            return lambda event_id: TextAnswer(event_id, client)
        tts = self.engine.settings.tts
        audio_format = AudioFormat.parse(tts.agent_output_audio_format)
        voice = Voice(audio_format, self._characters_per_second * tts.speed)
        return lambda event_id: SpokenAnswer(event_id, client, voice, ids, clock)

    def _make_ears(self) -> Ears | None:
        if self.initiation.text_only:
            return None
        microphone = AudioFormat.parse(self.engine.settings.asr.user_input_audio_format)
        return Ears(microphone, self._script.utterances)

    async def _begin(self) -> None:
        """Send the first events both ways, then let the background work start."""
        await self._send_metadata()
        try:
            await self.upstream.init()
        except ConnectionError:
            self.end(ENGINE_LOST)
            return
        if self.initiation.first_message:
            await self.dialogue.greet(self.initiation.first_message)
        for work in (
            self._listen(),
            self._watch_upstream(),
            self._limit_duration(),
            self._ping_upstream(),
            self._pings.run(),
        ):
            self._tasks.spawn(work)
        if self._script.idle_drop_seconds is not None:
            self._tasks.spawn(self.upstream.drop_when_idle(self._script.idle_drop_seconds))

    async def _send_metadata(self) -> None:
        settings = self.engine.settings
        output = settings.tts.agent_output_audio_format
        user_input = settings.asr.user_input_audio_format
        await self.client.send(events.initiation_metadata(self.id, output, user_input))
        if "client_events" in settings.conversation.model_fields_set:
            self.client.allowed_events = settings.conversation.client_events

    async def _close(self) -> None:
        """Tell everybody how it ended, the client first."""
        await self._tasks.cancel_all()
        ending = self._ending or SIMULATOR_FAILED
        self.record.finish(ending)
        if ending.error_type:
            await self.client.send(
                events.error(ending.close_code, ending.error_type, ending.reason)
            )
        await self.client.close(ending.close_code, ending.reason)
        if self.is_open:
            await self.upstream.close()
        self.ended.set()

    async def _listen(self) -> None:
        try:
            while (frame := await self.client.receive()) is not None:
                await self.inbox.take(frame)
        except MalformedFrameError as error:
            self.end(invalid_message(str(error)))
        self.end(CLIENT_LEFT)

    async def _watch_upstream(self) -> None:
        await self.upstream.closed.wait()
        hung_up = self.upstream.close_code in {1000, 1001}
        self.end(ENGINE_HUNG_UP if hung_up else ENGINE_LOST)

    async def _limit_duration(self) -> None:
        await self._clock.sleep(self.engine.settings.conversation.max_duration_seconds)
        self.end(DURATION_REACHED)

    async def _ping_upstream(self) -> None:
        while self._script.upstream_ping_seconds > 0:
            await self._clock.sleep(self._script.upstream_ping_seconds)
            try:
                await self.upstream.ping()
            except ConnectionError:
                return  # the watch on the upstream tells why
