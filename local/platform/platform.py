"""The simulator as one object: a workspace behind an HTTP and WebSocket port on loopback.

The only place where its parts are put together.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Self

import uvicorn

from local.platform.audio import CHARACTERS_PER_SECOND
from local.platform.clock import Clock, SystemClock
from local.platform.conversation.endings import SIMULATOR_STOPPED
from local.platform.conversation.initiation import resolve_headers
from local.platform.credentials import UPSTREAM_HEADER
from local.platform.dialling import open_connection
from local.platform.engines import Engine
from local.platform.rest.app import build_app
from local.platform.rest.models import EngineSettings
from local.platform.scripts import Script
from local.platform.upstream import WAIT_SECONDS, Upstream
from local.platform.workspace import Workspace, new_conversation_id

if TYPE_CHECKING:
    import ssl

    from local.platform.conversation.conversation import Conversation

DEFAULT_API_KEY = "sk_test_platform_simulator"
STOP_SECONDS = 5.0
_POLL_SECONDS = 0.005


class Platform:
    """The ElevenLabs platform on a loopback port, for one API key.

    `async with Platform() as platform` serves at `platform.url` until the block ends. Everything
    that waits for time to pass uses `clock`; `script` says how conversations go whose engine has no
    script of its own; `secrets` holds the values of `{secret_id}` request headers.
    """

    def __init__(
        self,
        *,
        api_key: str = DEFAULT_API_KEY,
        host: str = "127.0.0.1",
        port: int = 0,
        clock: Clock | None = None,
        script: Script | None = None,
        characters_per_second: float = CHARACTERS_PER_SECOND,
        secrets: Mapping[str, str] | None = None,
        upstream_ssl: ssl.SSLContext | None = None,
    ) -> None:
        self.workspace = Workspace(
            api_key=api_key,
            clock=clock or SystemClock(),
            script=script or Script(),
            characters_per_second=characters_per_second,
            secrets=dict(secrets or {}),
            upstream_ssl=upstream_ssl,
        )
        self._host = check_loopback(host)
        self._port = port
        self._server: _Server | None = None
        self._serving: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Return the base URL of the REST interface, without a slash at its end."""
        return f"http://{self._netloc}"

    @property
    def ws_url(self) -> str:
        """Return the origin of the conversation WebSocket."""
        return f"ws://{self._netloc}"

    @property
    def api_key(self) -> str:
        """Return the workspace's API key."""
        return self.workspace.api_key

    @property
    def conversations(self) -> dict[str, Conversation]:
        """Return all conversations by id, ended ones included."""
        return self.workspace.conversations

    async def start(self) -> None:
        """Begin to serve. Raises `OSError` when the port is taken."""
        listener = _listen(self._host, self._port)
        self._port = listener.getsockname()[1]
        config = uvicorn.Config(
            build_app(self.workspace),
            ws="websockets-sansio",
            lifespan="off",
            log_config=None,
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=int(STOP_SECONDS),
        )
        self._server = _Server(config)
        self._serving = asyncio.create_task(self._server.serve(sockets=[listener]))
        while not self._server.started:  # noqa: ASYNC110  (uvicorn has no event for it)
            await asyncio.sleep(_POLL_SECONDS)

    async def stop(self) -> None:
        """End every conversation, then stop serving; does nothing if not started."""
        if self._server is None or self._serving is None:
            return
        live = [c for c in self.conversations.values() if not c.ended.is_set()]
        for conversation in live:
            conversation.end(SIMULATOR_STOPPED)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                await asyncio.gather(*(c.ended.wait() for c in live))
        self._server.stopping.set()
        await self._serving
        self._server = self._serving = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def create_engine(
        self,
        *,
        ws_url: str,
        request_headers: Mapping[str, Any] | None = None,
        engine_id: str | None = None,
        script: Script | None = None,
        **settings: Any,
    ) -> Engine:
        """Create an engine directly; `settings` are the blocks of a create request.

        Raises pydantic's `ValidationError`, or `InvalidSettingsError`.
        """
        block = {"ws_url": ws_url, "request_headers": dict(request_headers or {})}
        model = EngineSettings.model_validate({**settings, "speech_engine": block})
        return self.workspace.engines.create(model, engine_id=engine_id, script=script)

    async def next_conversation(self, seconds: float = WAIT_SECONDS) -> Conversation:
        """Wait for a live conversation whose engine has been dialled, and return the newest."""
        async with asyncio.timeout(seconds):
            while True:
                for conversation in reversed(self.conversations.values()):
                    if conversation.is_open and not conversation.ended.is_set():
                        return conversation
                await asyncio.sleep(_POLL_SECONDS)

    @contextlib.asynccontextmanager
    async def dial(
        self,
        target: Engine | str,
        *,
        headers: Mapping[str, str] | None = None,
        dynamic_variables: Mapping[str, Any] | None = None,
        conversation_id: str | None = None,
        signed: bool = True,
        init: bool = True,
    ) -> AsyncIterator[Upstream]:
        """Talk to an engine's server with no client in between; ends with a `close` frame.

        `target` is an engine or a plain `ws://` address. `headers` are added to the signed header
        and the engine's own ones, and win over them; `signed` and `init` leave out the signed
        header and the first frame. Raises `EngineUnreachableError`.
        """
        url, sent = self._prepare_dial(target, dynamic_variables or {}, signed=signed)
        sent.update(headers or {})
        connection = await open_connection(url, sent, ssl_context=self.workspace.upstream_ssl)
        upstream = Upstream(
            connection, conversation_id or new_conversation_id(), clock=self.workspace.clock
        )
        try:
            if init:
                await upstream.init()
            yield upstream
        finally:
            await upstream.close()

    def _prepare_dial(
        self, target: Engine | str, variables: Mapping[str, Any], *, signed: bool
    ) -> tuple[str, dict[str, str]]:
        token = {UPSTREAM_HEADER: self.workspace.credentials.sign_upstream()} if signed else {}
        if isinstance(target, str):
            return target, token
        own = resolve_headers(target, variables, self.workspace.secrets)
        return target.settings.speech_engine.ws_url, {**own, **token}

    @property
    def _netloc(self) -> str:
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{host}:{self._port}"


class _Server(uvicorn.Server):
    """A server that stops when told, at once, and leaves the process's signal handlers alone."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.stopping = asyncio.Event()

    async def main_loop(self) -> None:
        await self.stopping.wait()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def check_loopback(host: str) -> str:
    """Return a loopback address, or raise `ValueError`: who reaches the simulator is trusted."""
    address = "127.0.0.1" if host == "localhost" else host
    try:
        is_loopback = ipaddress.ip_address(address).is_loopback
    except ValueError:
        is_loopback = False
    if not is_loopback:
        raise ValueError(f"the simulator listens on loopback only, not on {host}: use 127.0.0.1")
    return address


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen()
    except (OSError, OverflowError):
        listener.close()
        raise
    listener.setblocking(False)
    return listener
