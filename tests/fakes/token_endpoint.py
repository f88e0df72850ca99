"""The token endpoint put together for tests, and called as Lambda calls it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mangum import Mangum

from functions.token.app import TEXT_TYPES, build_app
from functions.token.issuer import Issuer, build_issuer
from functions.token.patience import Patience
from functions.token.settings import read_settings
from tests.fakes.http_api import http_event

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fakes.secrets_manager import SecretStore

API_KEY = "sk_test_token_endpoint"
QUICK = Patience(attempts=3, attempt_seconds=0.5, total_seconds=2.0, first_pause_seconds=0.01)


@dataclass(frozen=True)
class Reply:
    """What the browser gets; header names are in lower case."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def content(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.text)
        return content


@dataclass(frozen=True)
class Endpoint:
    """A deployed function in this process; every reply is held to what all must keep."""

    open_issuer: Callable[[], Issuer]

    def get(
        self,
        path: str,
        query: str = "",
        *,
        method: str = "GET",
        claims: dict[str, str] | None = None,
    ) -> Reply:
        handler = Mangum(build_app(self.open_issuer), lifespan="off", text_mime_types=TEXT_TYPES)
        event: Any = http_event(path, query, method=method, claims=claims)
        result = handler(event, None)  # type: ignore[arg-type]
        reply = Reply(result["statusCode"], result["headers"], result["body"])
        assert result["isBase64Encoded"] is False
        assert reply.headers["cache-control"] == "no-store"
        assert API_KEY not in str(result)
        return reply

    def fail(self, path: str = "/api/token", query: str = "", *, method: str = "GET") -> Reply:
        """Ask for what can't be had; the reply must be a problem document."""
        reply = self.get(path, query, method=method)
        assert reply.headers["content-type"] == "application/problem+json"
        assert reply.content["status"] == reply.status >= 400
        assert reply.content["type"] == "about:blank"
        assert reply.content["title"]
        assert isinstance(reply.content["detail"], str)
        return reply


def deploy(
    secrets: SecretStore,
    url: str,
    *,
    key: str | None = API_KEY,
    engine_id: str = "seng_test",
    **variables: str,
) -> Endpoint:
    """Return an endpoint with an API key secret of its own, unless `variables` name one."""
    own = {
        "ELEVENLABS_URL": url,
        "ELEVENLABS_API_KEY_SECRET": secrets.create(key),
        "SPEECH_ENGINE_ID": engine_id,
    }
    issuer = build_issuer(read_settings(own | variables), secrets.environ, QUICK)
    return Endpoint(lambda: issuer)
