"""Turns and their answers: who may speak, what is sent, and how each turn ends.

A turn's agent runs in a task of its own. What it sends is kept during each step of that task and
written when the step ends, so that a hundred chunks cost one write and a single one no delay.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import AsyncIterator
from contextvars import ContextVar
from functools import partial
from typing import TYPE_CHECKING, Any

from . import debug_log, events
from .channel import Channel
from .emitter import Emitter
from .frames import chunk_end, final_text
from .handlers import Handler
from .streams import close_quietly, is_used_up, open_stream
from .tasks import Work
from .text import extract_text
from .transcript import ConversationMessage
from .turns import Outcome, Turn, TurnOrder

if TYPE_CHECKING:
    from .context import SessionContext
    from .session import SpeechEngineSession

_MAX_BYTES_AT_ONCE = 64 * 1024
_CHUNK_BYTES = 64
"""What a stream may yield before others get their turn, a chunk counted with its frame: 1 ms."""

_logger = logging.getLogger(debug_log.LOGGER_NAME)

_turn_of_task: ContextVar[tuple[Dialogue, Turn] | None] = ContextVar(
    "speech_engine_turn", default=None
)


class Dialogue:
    """The turns of one session."""

    __slots__ = ("_channel", "_context", "_emitter", "_loop", "_order", "_session", "_turn")

    def __init__(
        self,
        session: SpeechEngineSession,
        context: SessionContext,
        emitter: Emitter,
        channel: Channel,
    ) -> None:
        self._session = session
        self._context = context
        self._emitter = emitter
        self._channel = channel
        self._order = TurnOrder()
        self._turn: Turn | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def open(self, loop: asyncio.AbstractEventLoop) -> None:
        """Start on ``loop``, whose clock times the turns."""
        self._loop = loop

    @property
    def turn(self) -> Turn | None:
        """The caller's own turn if it works for one of this dialogue; else the one now answered."""
        own = _turn_of_task.get()
        return own[1] if own is not None and own[0] is self else self._turn

    # -- transcripts ---------------------------------------------------------------------------

    def hear(self, event_id: int | None, transcript: list[ConversationMessage]) -> None:
        """Start a new transcript's turn; the agent's first step is taken before this returns."""
        self.interrupt("interrupted")
        if not self._session.is_open:
            return
        self._order.begin(event_id)
        handler = self._context.handlers.on_transcript
        listeners = self._emitter.take_listeners(events.USER_TRANSCRIPT)
        if handler is None and not listeners:
            return
        if self._context.debug:
            self._debug("turn started", event_id=event_id, transcript=transcript)
        turn = self._turn = Turn(event_id, self._time(), tuple(transcript))
        self._start(turn, self._run(turn, transcript, handler, listeners))

    def is_new(self, event_id: int | None) -> bool:
        """Whether a transcript starts a turn; one heard before gets its answer again, if it ended.

        https://github.com/elevenlabs/elevenlabs-js/issues/453
        """
        kind = self._order.classify(event_id)
        if kind == "repeated" and self._order.answer is not None:
            if self._context.debug:
                self._debug("answer repeated", event_id=event_id)
            if self._order.answer:
                self._channel.write_chunks([self._order.answer], chunk_end(event_id))
            self._channel.write(final_text(event_id))
            self._channel.flush()
        return kind == "new"

    def interrupt(self, outcome: Outcome) -> None:
        """End the turn that is being answered, if any: it sends nothing more."""
        turn = self._turn
        if turn is not None:
            turn.cancel()
            self._finish(turn, outcome)

    def tick(self, now: float) -> None:
        """Tell of a first chunk that is late."""
        turn = self._turn
        if turn is not None and turn.is_overdue(now, self._context.limits.first_chunk_seconds):
            turn.is_late = True
            self._emitter.emit(events.FIRST_CHUNK_LATE, turn)

    # -- the agent -----------------------------------------------------------------------------

    async def _run(
        self,
        turn: Turn,
        transcript: list[ConversationMessage],
        handler: Handler | None,
        listeners: list[Handler],
    ) -> None:
        turn.task = asyncio.current_task(self._loop)
        try:
            if handler is not None and self._context.handlers.is_transcript_async:
                if await handler(transcript, self._session) is not None:
                    self._hint_at_return()
            elif handler is not None:
                await self._call_in_thread(handler, transcript)
            for listener in listeners:
                result = listener(transcript)
                if inspect.isawaitable(result):
                    await result
        except BaseException as error:  # noqa: BLE001 - agents and extensions may raise anything
            self._fail(turn, error)
        turn.handler_ended = True
        self._end_if_answered(turn)
        if self._channel.is_full:
            await self._channel.drain()

    async def _call_in_thread(
        self, handler: Handler, transcript: list[ConversationMessage]
    ) -> None:
        answer = await self._context.threads.run(handler, transcript, self._session)
        if inspect.isawaitable(answer):
            await answer
        elif answer is not None:
            await self.answer(answer)

    def _hint_at_return(self) -> None:
        # Once a server: the code is the same at every turn.
        if not self._context.is_return_hinted:
            self._context.is_return_hinted = True
            _logger.warning(
                "on_transcript returned something, which nobody hears: "
                "call session.send_response with it, and await that"
            )

    # -- answers -------------------------------------------------------------------------------

    def answer(self, response: Any) -> Work:
        """What sends ``response`` for the caller's turn; see `SpeechEngineSession.send_response`.

        Not itself a coroutine: each level of them is gone through again at every chunk.
        """
        turn = self.turn
        if turn is None or turn.outcome is not None:
            return self._refuse(turn, response)
        if asyncio.current_task(self._loop) is turn.task:
            return self._send(turn, response)
        return self._send_aside(turn, response)

    def add(self, text: str) -> None:
        """Send ``text`` for the caller's turn, which goes on; nothing if that is over."""
        turn = self.turn
        if turn is not None and turn.outcome is None and text:
            turn.texts.append(text)
            turn.final_sent = False
            self._flush(turn)

    async def _send_aside(self, turn: Turn, response: Any) -> None:
        # The task is not the turn's own: a task that the turn may cancel sends for it.
        task = self._start(turn, self._send(turn, response))
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            task.cancel()
            raise

    async def _send(self, turn: Turn, response: Any) -> None:
        turn.streams += 1
        turn.final_sent = False
        stream = None
        try:
            if not isinstance(response, str):
                stream = open_stream(response, self._context.threads)
                await self._send_stream(turn, stream)
            elif response:
                turn.texts.append(response)
            self._send_final(turn)
        except Exception as error:  # noqa: BLE001 - providers may raise anything
            self._fail(turn, error)
            self._send_final(turn)
        finally:
            turn.streams -= 1
            self._end_if_answered(turn)
            if stream is not None and not is_used_up(response):
                await close_quietly(stream)
                if response is not stream:
                    await close_quietly(response)
        if self._channel.is_full:
            await self._channel.drain()

    async def _send_stream(self, turn: Turn, stream: AsyncIterator[Any]) -> None:
        channel, texts = self._channel, turn.texts
        room_bytes = _MAX_BYTES_AT_ONCE
        async for chunk in stream:
            if turn.cancelled:
                return
            text = chunk if type(chunk) is str else extract_text(chunk)
            if text:
                texts.append(text)
                room_bytes -= len(text) + _CHUNK_BYTES
                if room_bytes < 0 or channel.is_full:
                    await self._make_room(turn)
                    room_bytes = _MAX_BYTES_AT_ONCE

    async def _make_room(self, turn: Turn) -> None:
        self._write_chunks(turn)
        if not self._channel.is_full:
            await asyncio.sleep(0)
        await self._channel.drain()

    def _send_final(self, turn: Turn) -> None:
        # While another answer of the turn goes on, its end is the turn's.
        if not turn.cancelled and turn.streams <= 1:
            self._write_chunks(turn)
            turn.final_sent = True
            self._channel.write(final_text(turn.event_id))

    def _write_chunks(self, turn: Turn) -> None:
        texts, written = turn.texts, turn.written
        if written < len(texts) and not turn.cancelled:
            if turn.first_chunk_at is None:
                turn.first_chunk_at = self._time()
            turn.written = len(texts)
            self._channel.write_chunks(texts[written:], turn.chunk_end)

    def _flush(self, turn: Turn) -> None:
        self._write_chunks(turn)
        self._channel.flush()

    async def _refuse(self, turn: Turn | None, response: Any) -> None:
        await close_quietly(response)
        if turn is None or not turn.cancelled:
            _logger.warning(
                "send_response was called outside of a turn, nothing was sent: answers go out "
                "while on_transcript runs; a greeting is the engine's first message"
            )

    # -- the end of a turn ---------------------------------------------------------------------

    def _fail(self, turn: Turn, error: BaseException) -> None:
        """Tell of an error, unless the turn is over. Raises what ends the process or the task."""
        if isinstance(error, GeneratorExit | KeyboardInterrupt | SystemExit):
            raise error
        turn.failed = True
        if not turn.cancelled and not isinstance(error, asyncio.CancelledError):
            is_usual = isinstance(error, Exception)
            told = error if is_usual else RuntimeError(f"a handler raised {type(error).__name__}")
            self._emitter.emit(events.ERROR, told)

    def _end_if_answered(self, turn: Turn) -> None:
        if turn.outcome is not None or turn.streams or not turn.handler_ended:
            return
        if not turn.final_sent:
            self._send_final(turn)
        self._order.remember(turn.event_id, turn.answer)
        self._finish(turn, "failed" if turn.failed else "complete")

    def _finish(self, turn: Turn, outcome: Outcome) -> None:
        self._turn = None
        turn.end(outcome, self._time())
        if self._context.debug:
            fields = {"event_id": turn.event_id, "outcome": outcome, "answer": turn.answer}
            self._debug("turn ended", **fields)
        self._emitter.emit(events.TURN_ENDED, turn)

    def _start(self, turn: Turn, work: Work) -> asyncio.Task[None]:
        token = _turn_of_task.set((self, turn))
        task = self._context.tasks.start(self._session, work, partial(self._flush, turn))
        _turn_of_task.reset(token)
        if turn.cancelled:
            task.cancel()
        elif turn.outcome is None:
            turn.call_on_cancel(task.cancel)
        return task

    def _time(self) -> float:
        assert self._loop is not None, "the session is not open"
        return self._loop.time()

    def _debug(self, message: str, **fields: Any) -> None:
        debug_log.write(message, conversation_id=self._session.conversation_id, **fields)
