"""One conversation: turns on the frames that come in, runs the agent, sends its answer.

The session knows turns, handlers and texts. It does not know where frames come from or go to: a
`Channel` takes its texts, `receive` is given its messages, and `tick` is called now and then.
https://elevenlabs.io/docs/eleven-agents/guides/speech-engine
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import sys
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol, Self

from . import debug_log, events
from .frames import PONG, chunk_end, chunk_text, final_text
from .handlers import Call, Handler, Handlers, Listeners
from .limits import Limits
from .messages import (
    ConversationMessage,
    PlatformError,
    decode_frame,
    read_event_id,
    read_transcript,
)
from .sockets import SocketChannel, WebSocketLike, adapt_socket, close_code_of
from .streams import close_stream, open_stream
from .text import extract_text
from .threads import ThreadPool
from .turns import Outcome, Turn, TurnOrder

TICK_SECONDS = 0.25
"""How often deadlines are looked at; they pass this much late at most."""

_SETTLE_SECONDS = 5.0
"""How long `run` waits at its end for handlers; those that go on are left behind."""

_logger = logging.getLogger(debug_log.LOGGER_NAME)

_turn_of_task: ContextVar[tuple[SpeechEngineSession, Turn] | None] = ContextVar(
    "speech_engine_turn", default=None
)


class Channel(Protocol):
    """Takes a session's texts to the platform."""

    @property
    def is_full(self) -> bool:
        """Whether the sender has to `drain` before it writes on."""
        ...  # pragma: no cover

    def write(self, text: str) -> None:
        """Send a text, now or at the end of this pass of the event loop; never blocks."""

    async def drain(self) -> None:
        """Wait until there is room again."""

    async def close(self, code: int, reason: str) -> None:
        """Send what was written, then close."""


@dataclass(slots=True)
class SessionContext:
    """What all sessions of one server share."""

    handlers: Handlers = field(default_factory=Handlers)
    limits: Limits = field(default_factory=Limits)
    debug: bool = False
    threads: ThreadPool = field(init=False)
    tasks: dict[asyncio.Task[Any], SpeechEngineSession] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.threads = ThreadPool(self.limits.max_threads)
        if self.debug:
            debug_log.enable()


class SpeechEngineSession:
    """A conversation with the Speech Engine, in the shape of the official SDK's session.

    Handlers are called as ``on_…(…, session)`` when they came as keywords of a server, and without
    the session when they were added by `on` or `once`. A synchronous ``on_transcript`` runs in a
    worker thread and what it returns is the answer; every other synchronous handler runs on the
    event loop. Agents may set attributes of their own on a session.
    """

    __slots__ = (
        "__dict__",
        "__weakref__",
        "_channel",
        "_context",
        "_conversation_id",
        "_has_init",
        "_is_closed",
        "_last_received_at",
        "_listeners",
        "_loop",
        "_order",
        "_request_headers",
        "_socket",
        "_turn",
        "close_code",
    )

    def __init__(
        self,
        ws: Any = None,
        *,
        debug: bool = False,
        context: SessionContext | None = None,
        channel: Channel | None = None,
        request_headers: Mapping[str, str] | None = None,
    ) -> None:
        """Wrap ``ws``, anything with recv/send/close or Starlette's receive_text/send_text.

        Servers of this package pass their ``context``, and a ``channel`` in the place of ``ws``.
        """
        self._socket: WebSocketLike | None = None if channel else adapt_socket(ws)
        self._channel: Channel = channel or SocketChannel(adapt_socket(ws))
        self._context = context or SessionContext(debug=debug)
        self._listeners = Listeners(self._context.handlers)
        self._order = TurnOrder()
        self._turn: Turn | None = None
        self._conversation_id: str | None = None
        self._request_headers = request_headers
        self._has_init = False
        self._is_closed = False
        self.close_code: int | None = None
        """The WebSocket close code once the socket is gone: 1006 if it was cut, None if unknown."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._last_received_at = 0.0

    # -- what developers use -------------------------------------------------------------------

    @property
    def conversation_id(self) -> str | None:
        """The platform's id of this conversation; None before the ``init`` event."""
        return self._conversation_id

    @property
    def is_open(self) -> bool:
        """Whether answers can still be sent."""
        return not self._is_closed

    @property
    def request_headers(self) -> Mapping[str, str]:
        """UNTRUSTED: the upgrade request's headers, names in lower case, secrets left out.

        Any caller who reaches the server can set them. Only what the engine's own
        ``request_headers`` configure, behind a verified token, comes from the platform.
        """
        return self._request_headers or MappingProxyType({})

    @property
    def turn(self) -> Turn | None:
        """The turn that the calling handler (or a task or thread it started) works for.

        Elsewhere: the turn being answered now, or None.
        """
        own = _turn_of_task.get()
        return own[1] if own is not None and own[0] is self else self._turn

    def on(self, event: str, handler: Handler) -> Self:
        """Call ``handler`` at every ``event``, with the event's values."""
        self._listeners.add(event, handler)
        return self

    def once(self, event: str, handler: Handler) -> Self:
        """Call ``handler`` at the next ``event`` only."""
        self._listeners.add_once(event, handler)
        return self

    def off(self, event: str, handler: Handler) -> Self:
        """Remove ``handler`` from ``event``, whether `on` or `once` added it."""
        self._listeners.remove(event, handler)
        return self

    async def send_response(self, response: Any) -> None:
        """Answer the current turn; returns when the whole answer has been handed to the socket.

        ``response`` is a string, or an (async) iterable of strings or of stream events of OpenAI,
        Anthropic, Gemini, Bedrock or LangChain. When the turn is interrupted the stream is closed
        and nothing more is sent. A stream that fails is reported to ``on_error``.

        Raises RuntimeError if the session is closed.
        """
        if self._is_closed:
            await _close_quietly(response)
            raise RuntimeError("Cannot send response: session is closed")
        turn = self.turn
        if turn is None or turn.outcome is not None:
            await self._refuse_response(turn, response)
        elif asyncio.current_task() is not turn.task:
            await self._answer_aside(turn, response)
        else:
            await self._answer(turn, response)

    def close(self) -> None:
        """End the conversation from the server's side. May be called from any thread."""
        if self._loop is not None and self._loop is not _running_loop():
            self._loop.call_soon_threadsafe(self.close)
        elif not self._is_closed:
            self._end("closed")
            self._spawn(self._channel.close(1000, ""))
            self._emit(events.ENDED)

    async def run(self) -> None:
        """Receive until the conversation is over. Only for sessions made around a socket.

        Waits a few seconds for handlers at the end; one that does not stop is left behind.
        """
        if self._socket is None:
            raise RuntimeError("this session is run by its server")
        self.open()
        ticking = asyncio.ensure_future(self._tick_on())
        try:
            while not self._is_closed:
                self.receive(await self._socket.recv())
                # Handlers that were started take their first step before the next message.
                await asyncio.sleep(0)
        except Exception as error:  # noqa: BLE001 - sockets of every library come here
            self.lose(close_code_of(error))
        finally:
            ticking.cancel()
            self.lose(None)
            await self._settle()

    # -- what drives a session -----------------------------------------------------------------

    def open(self) -> None:
        """Start the clock of a session whose socket is open. Needs a running event loop."""
        self._loop = asyncio.get_running_loop()
        self._last_received_at = self._loop.time()

    def receive(self, data: str | bytes | bytearray) -> bool:
        """Handle one message; whether it started a handler that should run before the next one.

        Never raises: whatever is wrong with a message is told to ``on_error``.
        """
        if self._is_closed:
            return False
        try:
            frame = decode_frame(data)
        except ValueError as error:
            self._emit(events.ERROR, error)
            return False
        if self._has_init:
            self._last_received_at = self._now()
        match frame.get("type"):
            case "user_transcript":
                return self._receive_transcript(frame)
            case "ping":
                self._channel.write(PONG)
            case "init":
                self._receive_init(frame)
            case "close":
                self._receive_close()
            case "error":
                self._emit(events.ERROR, PlatformError(str(frame.get("message", ""))))
        return False

    def report(self, error: Exception) -> None:
        """Tell ``on_error`` of something that the socket's side has met."""
        self._emit(events.ERROR, error)

    def tick(self, now: float) -> None:
        """Look at the deadlines; ``now`` is the event loop's time."""
        if self._is_closed:
            return
        limits, turn = self._context.limits, self._turn
        silent_seconds = now - self._last_received_at
        if turn is not None and turn.is_overdue(now, limits.first_chunk_seconds):
            turn.is_late = True
            self._emit(events.FIRST_CHUNK_LATE, turn)
        if not self._has_init and silent_seconds > limits.init_seconds:
            self._give_up(1008, f"no init frame within {limits.init_seconds:g} s")
        elif silent_seconds > limits.idle_seconds:
            self._give_up(1001, f"nothing received for {limits.idle_seconds:g} s")

    def lose(self, close_code: int | None) -> None:
        """The socket is gone, or about to be closed with ``close_code``."""
        if self._is_closed:
            self.close_code = self.close_code or close_code
            return
        self.close_code = close_code
        self._end("closed")
        self._emit(events.DISCONNECTED)
        self._emit(events.ENDED)

    # -- frames --------------------------------------------------------------------------------

    def _receive_init(self, frame: dict[str, Any]) -> None:
        self._has_init = True
        self._last_received_at = self._now()
        conversation_id = frame.get("conversation_id")
        if not isinstance(conversation_id, str):
            self._emit(events.ERROR, ValueError("init has no conversation_id"))
            return
        self._conversation_id = conversation_id
        self._debug("conversation started")
        self._emit(events.INIT, conversation_id)

    def _receive_close(self) -> None:
        self.close_code = 1000
        self._end("closed")
        self._emit(events.CLOSE)
        self._spawn(self._channel.close(1000, ""))
        self._emit(events.ENDED)

    def _receive_transcript(self, frame: dict[str, Any]) -> bool:
        event_id, error = read_event_id(frame)
        if error is not None:
            self._emit(events.ERROR, error)
        match self._order.classify(event_id):
            case "new":
                return self._begin_turn(event_id, frame)
            case "repeated":
                self._repeat_answer(event_id)
        return False

    # -- turns ---------------------------------------------------------------------------------

    def _begin_turn(self, event_id: int | None, frame: dict[str, Any]) -> bool:
        transcript, error = read_transcript(frame, self._context.limits.max_history_messages)
        self._interrupt("interrupted")
        self._order.begin(event_id)
        if error is not None:
            self._emit(events.ERROR, error)
        handler = self._listeners.keyword_handler(events.USER_TRANSCRIPT)
        listeners = self._listeners.take_listeners(events.USER_TRANSCRIPT)
        if (handler is None and not listeners) or self._is_closed:
            return False
        self._debug("turn started", event_id=event_id, transcript=transcript)
        turn = self._turn = Turn(event_id, self._now())
        self._spawn(self._run_turn(turn, transcript, handler, listeners))
        return True

    async def _run_turn(
        self,
        turn: Turn,
        transcript: list[ConversationMessage],
        handler: Handler | None,
        listeners: list[Handler],
    ) -> None:
        if turn.cancelled:
            return
        _turn_of_task.set((self, turn))
        task = turn.task = asyncio.current_task()
        assert task is not None
        turn.call_on_cancel(task.cancel)
        try:
            if handler is not None:
                await self._call_agent(turn, handler, transcript)
            for listener in listeners:
                result = listener(transcript)
                if inspect.isawaitable(result):
                    await result
        except asyncio.CancelledError:
            turn.failed = True
        except Exception as error:  # noqa: BLE001 - agents may raise anything
            self._fail_turn(turn, error)
        turn.handler_ended = True
        self._end_turn_if_answered(turn)
        await self._channel.drain()

    async def _call_agent(
        self, turn: Turn, handler: Handler, transcript: list[ConversationMessage]
    ) -> None:
        if self._context.handlers.is_transcript_async:
            await handler(transcript, self)
            return
        answer = await self._context.threads.run(handler, transcript, self)
        if inspect.isawaitable(answer):
            await answer
        elif answer is not None:
            await self.send_response(answer)

    async def _answer(self, turn: Turn, response: Any) -> None:
        turn.streams += 1
        turn.final_sent = False
        try:
            if not isinstance(response, str):
                await self._send_stream(turn, response)
            elif response:
                self._send_chunk(turn, response)
            self._send_final(turn)
        except Exception as error:  # noqa: BLE001 - providers may raise anything
            self._fail_turn(turn, error)
            self._send_final(turn)
        finally:
            turn.streams -= 1
            self._end_turn_if_answered(turn)
        await self._channel.drain()

    async def _answer_aside(self, turn: Turn, response: Any) -> None:
        # The task is not the turn's own: its answer is given by one that the turn may cancel.
        task = self._spawn(self._answer(turn, response))
        turn.call_on_cancel(task.cancel)
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            task.cancel()
            raise

    async def _send_stream(self, turn: Turn, response: Any) -> None:
        stream = open_stream(response, self._context.threads)
        channel = self._channel
        try:
            async for chunk in stream:
                if turn.cancelled:
                    return
                text = extract_text(chunk)
                if text:
                    self._send_chunk(turn, text)
                    if channel.is_full:
                        await channel.drain()
        finally:
            await _close_quietly(stream)
            if response is not stream:
                await _close_quietly(response)

    def _send_chunk(self, turn: Turn, text: str) -> None:
        if turn.first_chunk_at is None:
            turn.first_chunk_at = self._now()
        turn.chunks += 1
        turn.texts.append(text)
        self._channel.write(chunk_text(text, turn.chunk_end))

    def _send_final(self, turn: Turn) -> None:
        if not turn.cancelled:
            turn.final_sent = True
            self._channel.write(final_text(turn.event_id))

    def _repeat_answer(self, event_id: int | None) -> None:
        answer = self._order.answer
        if answer is None:
            return
        self._debug("answer repeated", event_id=event_id)
        if answer:
            self._channel.write(chunk_text(answer, chunk_end(event_id)))
        self._channel.write(final_text(event_id))

    def _fail_turn(self, turn: Turn, error: Exception) -> None:
        turn.failed = True
        if not turn.cancelled:
            self._emit(events.ERROR, error)

    def _end_turn_if_answered(self, turn: Turn) -> None:
        if turn.outcome is not None or turn.streams or not turn.handler_ended:
            return
        if not turn.final_sent:
            self._send_final(turn)
        self._order.remember(turn.answer)
        self._finish_turn(turn, "failed" if turn.failed else "complete")

    def _interrupt(self, outcome: Outcome) -> None:
        turn = self._turn
        if turn is not None:
            turn.cancel()
            self._finish_turn(turn, outcome)

    def _finish_turn(self, turn: Turn, outcome: Outcome) -> None:
        self._turn = None
        turn.end(outcome, self._now())
        self._debug("turn ended", event_id=turn.event_id, outcome=outcome, answer=turn.answer)
        self._emit(events.TURN_ENDED, turn)

    async def _refuse_response(self, turn: Turn | None, response: Any) -> None:
        await _close_quietly(response)
        if turn is None or not turn.cancelled:
            _logger.warning(
                "send_response was called outside of a turn, nothing was sent: answers go out "
                "while on_transcript runs; a greeting is the engine's first message"
            )

    # -- the end -------------------------------------------------------------------------------

    def _give_up(self, code: int, reason: str) -> None:
        self._emit(events.ERROR, TimeoutError(reason))
        self.disconnect(code, reason)

    def disconnect(self, code: int, reason: str) -> None:
        """Close the socket for a reason of the server's; told as a disconnection."""
        if not self._is_closed:
            self.lose(code)
            self._spawn(self._channel.close(code, reason))

    def _end(self, outcome: Outcome) -> None:
        self._is_closed = True
        self._interrupt(outcome)

    async def _settle(self) -> None:
        tasks = [task for task, owner in self._context.tasks.items() if owner is self]
        if tasks:
            await asyncio.wait(tasks, timeout=_SETTLE_SECONDS)
        await self._channel.drain()

    # -- handlers ------------------------------------------------------------------------------

    def _emit(self, event: str, *args: Any) -> None:
        calls = self._listeners.take_calls(event, self, *args)
        if calls:
            self._call_in_order(event, iter(calls))
        elif event == events.ERROR:
            _logger.warning(
                "conversation error", extra={"fields": {"error": type(args[0]).__name__}}
            )

    def _call_in_order(self, event: str, calls: Iterator[Call]) -> None:
        for call in calls:
            try:
                result = call()
            except Exception as error:  # noqa: BLE001 - handlers may raise anything
                self._report_handler(event, error)
            else:
                if inspect.isawaitable(result):
                    self._spawn(self._call_after(result, event, calls))
                    return

    async def _call_after(self, result: Any, event: str, calls: Iterator[Call]) -> None:
        try:
            await result
        except Exception as error:  # noqa: BLE001 - handlers may raise anything
            self._report_handler(event, error)
        self._call_in_order(event, calls)

    def _report_handler(self, event: str, error: Exception) -> None:
        if event == events.ERROR:
            _logger.error("the error handler failed", exc_info=error)
        else:
            self._emit(events.ERROR, error)

    # -- tasks and time ------------------------------------------------------------------------

    def _now(self) -> float:
        assert self._loop is not None, "the session is not open"
        return self._loop.time()

    async def _tick_on(self) -> None:
        while not self._is_closed:
            await asyncio.sleep(TICK_SECONDS)
            self.tick(self._now())

    def _spawn(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Start a task that the server knows of until it ends."""
        task = _start_task(coroutine)
        if not task.done():
            self._context.tasks[task] = self
            task.add_done_callback(self._context.tasks.pop)
        return task

    def _debug(self, message: str, **fields: Any) -> None:
        if self._context.debug:
            debug_log.write(message, conversation_id=self._conversation_id, **fields)


if sys.version_info >= (3, 12):

    def _start_task(coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        return asyncio.Task(coroutine, loop=asyncio.get_running_loop(), eager_start=True)

else:

    def _start_task(coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        return asyncio.get_running_loop().create_task(coroutine)


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


async def _close_quietly(stream: object) -> None:
    with suppress(Exception):
        await close_stream(stream)
