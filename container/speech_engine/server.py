"""The WebSocket server that ElevenLabs dials, once for each conversation."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from typing import Any, Unpack

from .connection import Shared
from .context import SessionContext
from .gate import make_gate
from .handlers import HandlerKeywords, Handlers
from .limits import Limits
from .listener import Listener
from .session import TICK_SECONDS, SpeechEngineSession
from .tokens import Secrets
from .wire import GOING_AWAY

_STOP_SECONDS = 6.0
"""How long `stop` waits for closing handshakes and handlers after it has closed all sockets."""

_POLL_SECONDS = 0.02


class SpeechEngineServer:
    """Accepts the Speech Engine's connections and runs a session for each.

    The official SDK's server with its keywords, and more. Health checks at ``/healthz`` and
    ``/readyz`` are answered on the same port.
    https://elevenlabs.io/docs/eleven-agents/guides/speech-engine
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 3001,
        path: str | None = None,
        api_key: Secrets = None,
        debug: bool = False,
        disable_auth: bool = False,
        required_header: tuple[str, Secrets] | None = None,
        limits: Limits | None = None,
        **handlers: Unpack[HandlerKeywords],
    ) -> None:
        """Nothing is opened before `start`.

        ``port`` 0 takes a free one, see `sockets`. ``path`` None accepts every path. ``api_key``
        is one key, several that are all valid, or a function that returns those valid now; by
        default the environment's ELEVENLABS_API_KEY when the server starts. ``required_header``
        is a name and the value(s) that every request has to carry besides. ``disable_auth``
        accepts anybody. Raises TypeError for an unknown handler keyword.
        """
        self._host = host
        self._port = port
        self._path = path
        self._api_key = api_key
        self._disable_auth = disable_auth
        self._required_header = required_header
        self._limits = limits or Limits()
        checked = Handlers.from_keywords(handlers)
        self._context = SessionContext(handlers=checked, limits=self._limits, debug=debug)
        # Of sessions on other servers' sockets: `stop` leaves them alone.
        self._foreign_context = SessionContext(handlers=checked, limits=self._limits, debug=debug)
        self._listener: Listener | None = None
        self._shared: Shared | None = None
        self._ticker: asyncio.TimerHandle | None = None
        self._stopped = asyncio.Event()

    @property
    def sockets(self) -> tuple[socket.socket, ...]:
        """The listening sockets; none before `start` and after `stop`."""
        return self._listener.sockets if self._listener is not None else ()

    @property
    def conversations(self) -> int:
        """How many conversations are live now."""
        return len(self._shared.connections) if self._shared is not None else 0

    def handle_connection(self, ws: Any) -> SpeechEngineSession:
        """A session with this server's handlers around a socket of another server's.

        Its `run` has to be awaited by the caller, who has also checked the caller's token.
        """
        return SpeechEngineSession(ws, context=self._foreign_context)

    async def start(self) -> None:
        """Listen and return.

        Raises RuntimeError("already started"), RuntimeError without an API key, and OSError if the
        address is taken.
        """
        if self._listener is not None:
            raise RuntimeError("already started")
        gate = make_gate(
            api_key=self._api_key,
            path=self._path,
            disable_auth=self._disable_auth,
            required_header=self._required_header,
            limits=self._limits,
        )
        shared = Shared(gate=gate, context=self._context)
        self._listener = listener = Listener(shared)
        try:
            await listener.open(self._host, self._port)
        except BaseException:
            self._listener = None
            raise
        self._shared = shared
        self._stopped.clear()
        gate.is_ready = True
        self._tick(asyncio.get_running_loop(), shared)

    async def serve(self) -> None:
        """`start`, then wait until `stop` has done its work. Stops when cancelled, too."""
        await self.start()
        try:
            await self._stopped.wait()
        finally:
            await self.stop()

    def begin_drain(self) -> None:
        """Fail readiness and refuse new conversations; those that are live go on."""
        if self._shared is not None:
            self._shared.gate.is_ready = False

    async def stop(self, *, grace_seconds: float = 0.0) -> None:
        """Refuse new conversations, give live ones ``grace_seconds`` to end, close the rest (1001).

        Returns within ``grace_seconds`` + 6 s, whatever handlers do. Does nothing if not started.
        """
        if self._shared is None or self._listener is None:
            return
        shared, listener = self._shared, self._listener
        self.begin_drain()
        await self._wait_for_conversations(grace_seconds)
        for connection in list(shared.connections):
            connection.session.disconnect(GOING_AWAY, "the server is shutting down")
        await self._wait_for_conversations(_STOP_SECONDS / 2)
        await self._context.tasks.wait(_STOP_SECONDS / 2)
        self._context.tasks.cancel()
        self._close(shared, listener)

    def _close(self, shared: Shared, listener: Listener) -> None:
        if self._ticker is not None:
            self._ticker.cancel()
        listener.close()
        for connection in shared.all_connections():
            connection.abort()
        self._listener = self._shared = None
        self._stopped.set()

    def _tick(self, loop: asyncio.AbstractEventLoop, shared: Shared) -> None:
        now = loop.time()
        for connection in shared.all_connections():
            connection.tick(now)
        self._ticker = loop.call_later(TICK_SECONDS, self._tick, loop, shared)

    async def _wait_for_conversations(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self.conversations:  # noqa: ASYNC110 - only the very end is waited for
                    await asyncio.sleep(_POLL_SECONDS)
