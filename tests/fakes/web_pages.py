"""The built page on a loopback address, with an API and an issuer that a test can shape."""

from __future__ import annotations

import base64
import hashlib
import secrets
import subprocess
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route

from local.dev.serving import serve_app
from local.dev.site import SIGNED_URL_PATH, Site, build_site
from tests.fakes.browsers import Page, open_page
from tests.fakes.platform_node import require_node

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from starlette.requests import Request

    from tests.fakes.platform_stage import Stage

WEB = Path(__file__).resolve().parents[2] / "web"
BUILD_SECONDS = 60


def build_page(folder: Path) -> Path:
    """Build the page into `folder` as `npm run build` builds it into `web/dist`; or skip."""
    command = [require_node(), str(WEB / "build.mjs"), str(folder)]
    subprocess.run(command, check=True, timeout=BUILD_SECONDS)
    return folder


@asynccontextmanager
async def visit(
    devtools: str,
    files: Path,
    *,
    stage: Stage | None = None,
    signed_url: Callable[[Request], Awaitable[Response]] | None = None,
    microphone: bool = True,
    **config: Any,
) -> AsyncIterator[Page]:
    """Open the page until the block ends; `signed_url` answers in place of the real endpoint."""
    site = Site(
        files=files,
        policy_file=WEB / "policy.json",
        platform_url=stage.platform.url if stage else "http://127.0.0.1:9",
        engine_id=stage.engine.id if stage else "none",
        api_key=stage.platform.api_key if stage else "none",
        config=config,
    )
    routes = [Route(SIGNED_URL_PATH, signed_url)] if signed_url else []
    app = Starlette(routes=[*routes, Mount("/", build_site(site))])
    async with (
        serve_app(app) as url,
        open_page(devtools, url, microphone=microphone) as page,
    ):
        yield page


@dataclass
class Issuer:
    """An OpenID Connect issuer that signs everybody in, and checks PKCE as the RFC says."""

    asked: dict[str, str] = field(default_factory=dict)
    token: str = field(default_factory=secrets.token_urlsafe)
    has_exchanged: bool = False

    def build(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._describe),
                Route("/authorize", self._authorize),
                Route("/token", self._exchange, methods=["POST"]),
            ]
        )

    async def _describe(self, request: Request) -> Response:
        base = str(request.base_url).rstrip("/")
        endpoints = {
            "authorization_endpoint": f"{base}/authorize",
            "token_endpoint": f"{base}/token",
        }
        return JSONResponse(endpoints, headers={"access-control-allow-origin": "*"})

    async def _authorize(self, request: Request) -> Response:
        self.asked = dict(request.query_params)
        back = f"{self.asked['redirect_uri']}?code=code-1&state={self.asked['state']}"
        return RedirectResponse(back)

    async def _exchange(self, request: Request) -> Response:
        self.has_exchanged = True
        form = dict(parse_qsl((await request.body()).decode()))
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        fits = form["code"] == "code-1" and challenge == self.asked["code_challenge"]
        answer = {"access_token": self.token} if fits else {"error": "invalid_grant"}
        headers = {"access-control-allow-origin": "*"}
        return JSONResponse(answer, 200 if fits else 400, headers)
