"""Whose turn it is: what the user says goes up, what comes back reaches the client or is dropped.

Owns turns, barge-in and the cascade of re-sends. Opens and closes no socket.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from local.platform.clock import Clock, happens_within
from local.platform.conversation import events
from local.platform.conversation.endings import CASCADE_EXHAUSTED, ENGINE_LOST, Ending
from local.platform.conversation.record import Message, Record

if TYPE_CHECKING:
    from local.platform.conversation.answers import Answer
    from local.platform.conversation.client import ClientChannel
    from local.platform.conversation.tasks import Tasks
    from local.platform.event_ids import EventIds
    from local.platform.scripts import Script, SplitPause, ToolCall
    from local.platform.upstream import Chunk, Turn, Upstream

CASCADE_ATTEMPTS = 3


class Dialogue:
    """The turns of one conversation.

    `say` and the chunks of the upstream meet here; a lock gives each of them the floor in turn, so
    that nothing of an old answer follows an interruption.
    """

    def __init__(
        self,
        *,
        upstream: Upstream,
        client: ClientChannel,
        record: Record,
        ids: EventIds,
        script: Script,
        clock: Clock,
        tasks: Tasks,
        cascade_seconds: float,
        new_answer: Callable[[int], Answer],
        end: Callable[[Ending], None],
    ) -> None:
        self._upstream = upstream
        self._client = client
        self._record = record
        self._ids = ids
        self._script = script
        self._clock = clock
        self._tasks = tasks
        self._cascade_seconds = cascade_seconds
        self._new_answer = new_answer
        self._end = end
        self._floor = asyncio.Lock()
        self._turns: list[Turn] = []  # the last turn of each thing the user said
        self._answer: Answer | None = None
        self._agent_message: Message | None = None
        self._cascade: asyncio.Task[None] | None = None
        self._tool_calls = 0
        upstream.listener = self._take_chunk

    def is_quiet(self) -> bool:
        """Tell whether nobody speaks and no answer is awaited."""
        answer = self._answer
        return answer is None or (answer.complete and not answer.is_under_way())

    def is_agent_speaking(self) -> bool:
        """Tell whether the user would cut in by speaking now."""
        return self._answer is not None and self._answer.is_under_way()

    async def greet(self, text: str) -> None:
        """Let the agent say the first message, which no transcript asked for."""
        async with self._floor:
            self._answer = self._new_answer(self._ids.next())
            await self._answer.announce(text)
            self._agent_message = self._record.add("agent", text)

    async def say(self, text: str, *, typed: bool) -> None:
        """Let the user say `text`, cutting in if the agent is speaking.

        Only speech is shown to the client as `user_transcript`: it knows what was typed.
        """
        async with self._floor:
            await self._interrupt()
            self._record.add("user", text)
            turn = await self._transcribe()
            if turn is None:
                return
            self._turns.append(turn)
            if not typed:
                await self._client.send(events.user_transcript(text, turn.event_id))
        split = self._script.split_of(len(self._turns))
        if split is not None:
            self._tasks.spawn(self._transcribe_again(split, turn))

    async def call_tool(self, call: ToolCall) -> str:
        """Order the client to run a tool, and return the id of the call."""
        self._tool_calls += 1
        call_id = f"call_{self._tool_calls}"
        await self._client.send(events.client_tool_call(call, call_id, self._ids.next()))
        return call_id

    async def _transcribe(self) -> Turn | None:
        """Send the history under a new id; the floor is held."""
        if self._cascade is not None:
            self._cascade.cancel()
        event_id = self._ids.next_turn()
        self._answer = self._new_answer(event_id)
        self._agent_message = None
        try:
            turn = await self._upstream.transcribe(self._record.history(), event_id)
        except ConnectionError:
            self._end(ENGINE_LOST)
            return None
        self._cascade = self._tasks.spawn(self._watch_cascade(turn))
        return turn

    async def _transcribe_again(self, split: SplitPause, turn: Turn | None) -> None:
        """Transcribe the words of `turn` under further ids, unless the user goes on to say more."""
        for _ in range(split.ids - 1):
            await self._clock.sleep(split.gap_seconds)
            async with self._floor:
                if turn is not self._turns[-1]:
                    return
                await self._take_back()
                turn = await self._transcribe()
                if turn is None:
                    return
                self._turns[-1] = turn

    async def _take_back(self) -> None:
        """Withdraw an answer to an id that is transcribed anew: nobody was meant to hear it."""
        if self._answer is not None and self._answer.is_under_way():
            await self._answer.finish()
            await self._client.send(events.interruption(self._ids.last))
        if self._agent_message is not None:
            self._record.messages.remove(self._agent_message)
            self._agent_message = None

    async def _interrupt(self) -> None:
        """Stop the agent in mid-answer and keep of it what was heard."""
        answer = self._answer
        if answer is None or not answer.is_under_way():
            return
        heard = answer.heard()
        await answer.finish()
        await self._client.send(events.interruption(self._ids.last))
        if heard != answer.text:
            await self._client.send(
                events.agent_response_correction(answer.text, heard, answer.event_id)
            )
        message = self._agent_message or self._record.add("agent", "")
        message.text, message.original = heard, answer.text

    async def _take_chunk(self, turn: Turn, chunk: Chunk) -> None:
        async with self._floor:
            answer = self._answer
            if answer is None or answer.event_id != turn.event_id or answer.complete:
                return
            if chunk.content:
                await answer.add(chunk.content)
            if chunk.is_final:
                await answer.finish()
                if answer.text:
                    self._agent_message = self._record.add("agent", answer.text)
                await self._follow_script(len(self._turns))

    async def _follow_script(self, answered: int) -> None:
        """Do what the script has in store once turn number `answered` is over."""
        for call in self._script.tools_after(answered):
            await self.call_tool(call)
        for repeat in self._script.repeats_after(answered):
            await self._resend(self._turns[repeat.turn - 1])

    async def _watch_cascade(self, turn: Turn) -> None:
        """Send a turn's frame again while nothing comes back; give up after the last attempt."""
        for attempt in range(CASCADE_ATTEMPTS):
            if attempt:
                await self._resend(turn)
            if await happens_within(turn.answered, self._cascade_seconds, self._clock):
                return
        self._end(CASCADE_EXHAUSTED)

    async def _resend(self, turn: Turn) -> None:
        try:
            await self._upstream.send_turn(turn)
        except ConnectionError:
            self._end(ENGINE_LOST)
