"""One conversation: its frames, its life, and what a developer may do with it.

The session does not know where its frames come from or go to: a `Channel` takes its texts,
`receive` is given its messages, and `tick` is called now and then.
https://elevenlabs.io/docs/eleven-agents/guides/speech-engine
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Any, Self

from . import debug_log, events
from .channel import Channel
from .context import SessionContext
from .deadlines import Deadlines
from .dialogue import Dialogue
from .emitter import Emitter
from .frames import PONG
from .handlers import Handler
from .messages import PlatformError, decode_frame, read_event_id, read_transcript
from .sockets import SocketChannel, WebSocketLike, adapt_socket, receive_all, tick_on
from .streams import close_quietly
from .turns import Outcome, Turn
from .wire import NORMAL_CLOSURE

TICK_SECONDS = 0.25
"""How often deadlines are looked at; they pass this much late at most."""

_SETTLE_SECONDS = 5.0
"""How long handlers may go on after the conversation that they began in; then comes the cancel."""


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
        "_deadlines",
        "_dialogue",
        "_emitter",
        "_is_closed",
        "_loop",
        "_receiving",
        "_request_headers",
        "_socket",
        "close_code",
        "closed_here",
        "user",
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
        self._socket: WebSocketLike | None = None
        if channel is None:
            self._socket = adapt_socket(ws)
            channel = SocketChannel(self._socket)
        self._channel = channel
        self._context = context or SessionContext(debug=debug)
        self._emitter = Emitter(self, self._context.handlers, self._context.tasks)
        self._dialogue = Dialogue(self, self._context, self._emitter, channel)
        self._conversation_id: str | None = None
        self._request_headers = request_headers
        self._is_closed = False
        self.close_code: int | None = None
        """The WebSocket close code once the socket is gone: 1006 if it was cut, None if unknown."""
        self.closed_here = False
        """Whether this side ended the conversation: the agent, a limit, or a shutdown."""
        self.user: str | None = None
        """Who speaks, where the service has verified it before ``on_init``; None if unknown."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._deadlines = Deadlines(self._context.limits)
        self._receiving: asyncio.Task[None] | None = None

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
        return MappingProxyType(self._request_headers or {})

    @property
    def turn(self) -> Turn | None:
        """The turn that the calling handler (or a task or thread it started) works for.

        Elsewhere: the turn being answered now, or None.
        """
        return self._dialogue.turn

    def on(self, event: str, handler: Handler) -> Self:
        """Call ``handler`` at every ``event``, with the event's values."""
        self._emitter.add(event, handler)
        return self

    def once(self, event: str, handler: Handler) -> Self:
        """Call ``handler`` at the next ``event`` only."""
        self._emitter.add_once(event, handler)
        return self

    def off(self, event: str, handler: Handler) -> Self:
        """Remove ``handler`` from ``event``, whether `on` or `once` added it."""
        self._emitter.remove(event, handler)
        return self

    async def send_response(self, response: Any) -> None:
        """Answer the current turn; returns when the whole answer has been handed to the socket.

        ``response`` is a string, or an (async) iterable of strings or of stream events of OpenAI,
        Anthropic, Gemini, Bedrock or LangChain. When the turn is interrupted the stream is closed
        and nothing more is sent. A stream that fails is reported to ``on_error``.

        Raises RuntimeError if the session is closed.
        """
        if self._is_closed:
            await close_quietly(response)
            raise RuntimeError("Cannot send response: session is closed")
        await self._dialogue.answer(response)

    def send_chunk(self, text: str) -> None:
        """Have the current turn's user hear ``text`` at once, and go on with the answer.

        For what is said while the answer is still being made. The turn's final is sent when its
        handler ends. Does nothing once the turn is over. May be called from any thread.
        """
        if self._loop is not None and self._loop is not _running_loop():
            self._loop.call_soon_threadsafe(self.send_chunk, text)
        else:
            self._dialogue.add(text)

    def close(self) -> None:
        """End the conversation from the server's side. May be called from any thread."""
        if self._loop is not None and self._loop is not _running_loop():
            self._loop.call_soon_threadsafe(self.close)
        elif not self._is_closed:
            self.closed_here = True
            self._end("closed")
            self._close_channel(NORMAL_CLOSURE, "")
            self._emitter.emit(events.ENDED)

    async def run(self) -> None:
        """Receive until the conversation is over. Only for sessions made around a socket.

        Waits a few seconds for handlers at the end; one that does not stop is left behind.
        """
        if self._socket is None:
            raise RuntimeError("this session is run by its server")
        self.open()
        ticking = asyncio.ensure_future(tick_on(self, TICK_SECONDS))
        self._receiving = asyncio.ensure_future(
            receive_all(self, self._socket, self._context.limits.max_frame_bytes)
        )
        try:
            await asyncio.wait([self._receiving])
        finally:
            self._receiving.cancel()
            ticking.cancel()
            self.lose(None)
            await self._context.tasks.wait(_SETTLE_SECONDS, self)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._channel.drain(), _SETTLE_SECONDS)

    # -- what drives a session -----------------------------------------------------------------

    def open(self) -> None:
        """Start the clock of a session whose socket is open. Needs a running event loop."""
        self._loop = asyncio.get_running_loop()
        self._deadlines.start(self._loop.time())
        self._dialogue.open(self._loop)

    def receive(self, data: str | bytes | bytearray) -> None:
        """Handle one message; never waits for user code.

        Never raises: whatever is wrong with a message is told to ``on_error``.
        """
        if self._is_closed:
            return
        try:
            frame = decode_frame(data)
        except ValueError as error:
            self.report(error)
            return
        kind = frame.get("type")
        if self._loop is not None:
            self._deadlines.hear(self._loop.time(), is_init=kind == "init")
        if kind == "user_transcript":
            self._receive_transcript(frame)
        else:
            self._receive_other(frame)

    def report(self, error: Exception) -> None:
        """Tell ``on_error`` of something that the socket's side has met."""
        self._emitter.emit(events.ERROR, error)

    def tick(self, now: float) -> None:
        """Look at the deadlines; ``now`` is the event loop's time."""
        if self._is_closed:
            return
        self._dialogue.tick(now)
        missed = self._deadlines.find_missed(now)
        if missed is not None:
            code, reason = missed
            self.report(TimeoutError(reason))
            self.disconnect(code, reason)

    def lose(self, close_code: int | None) -> None:
        """The socket is gone, or about to be closed with ``close_code``."""
        if self._is_closed:
            self.close_code = self.close_code or close_code
            return
        self.close_code = close_code
        self._end("closed")
        self._emitter.emit(events.DISCONNECTED)
        self._emitter.emit(events.ENDED)

    def disconnect(self, code: int, reason: str) -> None:
        """Close the socket for a reason of the server's; told as a disconnection."""
        if not self._is_closed:
            self.closed_here = True
            self.lose(code)
            self._close_channel(code, reason)

    # -- frames --------------------------------------------------------------------------------

    def _receive_transcript(self, frame: dict[str, Any]) -> None:
        event_id, id_error = read_event_id(frame)
        if id_error is not None:
            self.report(id_error)
        if not self._dialogue.is_new(event_id):
            return
        transcript, error = read_transcript(frame, self._context.limits.max_history_messages)
        if error is not None:
            self.report(error)
        if not self._is_closed:
            self._dialogue.hear(event_id, transcript)

    def _receive_other(self, frame: dict[str, Any]) -> None:
        match frame.get("type"):
            case "ping":
                self._channel.write(PONG)
                self._channel.flush()
            case "init":
                self._receive_init(frame)
            case "close":
                self._receive_close()
            case "error":
                self.report(PlatformError(str(frame.get("message") or "")))

    def _receive_init(self, frame: dict[str, Any]) -> None:
        conversation_id = frame.get("conversation_id")
        if not isinstance(conversation_id, str):
            self.report(ValueError("init has no conversation_id"))
            return
        self._conversation_id = conversation_id
        if self._context.debug:
            debug_log.write("conversation started", conversation_id=conversation_id)
        self._emitter.emit(events.INIT, conversation_id)

    def _receive_close(self) -> None:
        self.close_code = NORMAL_CLOSURE
        self._end("closed")
        self._emitter.emit(events.CLOSE)
        self._close_channel(NORMAL_CLOSURE, "")
        self._emitter.emit(events.ENDED)

    # -- the end -------------------------------------------------------------------------------

    def _end(self, outcome: Outcome) -> None:
        self._is_closed = True
        self._dialogue.interrupt(outcome)
        if self._loop is not None:
            self._context.tasks.cancel_later(_SETTLE_SECONDS, self)
        if self._receiving is not None and self._receiving is not asyncio.current_task():
            self._receiving.cancel()

    def _close_channel(self, code: int, reason: str) -> None:
        self._context.tasks.start(self, self._channel.close(code, reason))


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
