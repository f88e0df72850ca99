"""One Speech Engine by its id: what the official SDK's ``client.speech_engine.get(…)`` gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

from .context import SessionContext
from .gate import make_gate
from .handlers import HandlerKeywords, Handlers
from .limits import Limits
from .server import SpeechEngineServer
from .session import SpeechEngineSession
from .tokens import Secrets

if TYPE_CHECKING:
    from .asgi import Attachment


class SpeechEngineResource:
    """A handle on the engine ``engine_id``, without any call to the platform.

    ``api_key`` is what the engine was created with: one key, several, or a function that returns
    those valid now; by default the environment's ELEVENLABS_API_KEY.
    """

    def __init__(self, engine_id: str, *, api_key: Secrets = None) -> None:
        self.engine_id = engine_id
        self._api_key = api_key

    def verify_request(self, headers: Any) -> bool:
        """Whether an upgrade request's ``headers`` carry a valid token of the platform's."""
        try:
            gate = make_gate(api_key=self._api_key)
        except RuntimeError:
            return False
        return gate.judge_caller(headers) is None

    async def serve(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 3001,
        path: str | None = None,
        debug: bool = False,
        disable_auth: bool = False,
        required_header: tuple[str, Secrets] | None = None,
        limits: Limits | None = None,
        **handlers: Unpack[HandlerKeywords],
    ) -> None:
        """Run a `SpeechEngineServer` until cancelled; see there for the parameters."""
        server = SpeechEngineServer(
            host=host,
            port=port,
            path=path,
            api_key=self._api_key,
            debug=debug,
            disable_auth=disable_auth,
            required_header=required_header,
            limits=limits,
            **handlers,
        )
        await server.serve()

    def create_session(self, ws: Any, *, debug: bool = False) -> SpeechEngineSession:
        """A session around a socket of another server's; add listeners, then await its `run`.

        The caller checks the request first, see `verify_request`.
        """
        return SpeechEngineSession(ws, debug=debug)

    def attach(
        self,
        app: Any,
        path: str = "/ws",
        *,
        debug: bool = False,
        disable_auth: bool = False,
        required_header: tuple[str, Secrets] | None = None,
        limits: Limits | None = None,
        **handlers: Unpack[HandlerKeywords],
    ) -> Attachment:
        """Hold conversations on a route of ``app``, a FastAPI or Starlette application.

        Raises TypeError for other applications, RuntimeError without an API key.
        """
        from .asgi import attach

        limits = limits or Limits()
        context = SessionContext(
            handlers=Handlers.from_keywords(handlers), limits=limits, debug=debug
        )
        gate = make_gate(
            api_key=self._api_key,
            disable_auth=disable_auth,
            required_header=required_header,
            limits=limits,
        )
        return attach(app, path, gate, context)
