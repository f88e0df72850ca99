"""The web page of `make dev`: its files, its configuration, and signed URLs, on one origin.

Stands for what the Site and Api stacks put behind one address. The key stays on this side.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
from starlette.applications import Starlette
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from local.dev.page_build import PageBuildError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

SIGNED_URL_PATH = "/api/signed-url"
_LIMIT_SECONDS = 15.0
_UNAVAILABLE = "The platform gave no signed URL: look at the terminal of make dev."


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What the page is made of, and the engine that it talks to."""

    files: Path
    """The built page, `web/dist` as a rule."""
    policy_file: Path
    """The sources that the page needs wherever it is served, `web/policy.json`."""
    platform_url: str
    engine_id: str
    api_key: str = field(repr=False)
    config: dict[str, Any] = field(default_factory=dict)
    """What the page is told beyond the defaults, see `web/README.md`."""
    refresh: Callable[[], Awaitable[None]] | None = None
    """Brings the files up to date before the page is sent; may raise PageBuildError."""

    @property
    def policy(self) -> str:
        """The content security policy under which the page runs, here and deployed."""
        directives: dict[str, list[str]] = json.loads(self.policy_file.read_text())
        platform = urlsplit(self.platform_url)
        socket = platform._replace(scheme="wss" if platform.scheme == "https" else "ws")
        directives["connect-src"] += [platform.geturl(), socket.geturl()]
        if login := self.config.get("login"):
            directives["connect-src"].append(login["issuer"])
        return "; ".join(f"{name} {' '.join(values)}" for name, values in directives.items())


def build_site(site: Site) -> ASGIApp:
    """Return the application that serves the page."""

    async def index(_: Request) -> Response:
        try:
            if site.refresh is not None:
                await site.refresh()
        except PageBuildError as error:
            return PlainTextResponse(str(error), 500)
        return FileResponse(site.files / "index.html")

    async def config(_: Request) -> Response:
        settings = {"title": "make dev", "transport": "websocket", **site.config}
        return JSONResponse({**settings, "signedUrlPath": SIGNED_URL_PATH})

    async def signed_url(_: Request) -> Response:
        url = await _request_signed_url(site)
        if url is None:
            return JSONResponse({"detail": _UNAVAILABLE}, 502)
        return JSONResponse({"signedUrl": url})

    routes = [
        Route("/", index),
        Route("/config.json", config),
        Route(SIGNED_URL_PATH, signed_url),
        Mount("/", StaticFiles(directory=site.files, check_dir=False)),
    ]
    return _with_headers(Starlette(routes=routes), site.policy)


async def _request_signed_url(site: Site) -> str | None:
    # https://elevenlabs.io/docs/api-reference/conversations/get-signed-url
    is_local = urlsplit(site.platform_url).hostname == "127.0.0.1"
    async with httpx.AsyncClient(timeout=_LIMIT_SECONDS, trust_env=not is_local) as client:
        try:
            answer = await client.get(
                f"{site.platform_url}/v1/convai/conversation/get-signed-url",
                params={"agent_id": site.engine_id},
                headers={"xi-api-key": site.api_key},
            )
        except httpx.HTTPError:
            return None
    url = answer.json().get("signed_url") if answer.is_success else None
    return url if isinstance(url, str) else None


def _with_headers(app: ASGIApp, policy: str) -> ASGIApp:
    """Add the headers that CloudFront adds to the deployed page."""
    added = [
        (b"content-security-policy", policy.encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"cache-control", b"no-store"),
    ]

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *added]
            await send(message)

        await app(scope, receive, send_with_headers)

    return wrapped
