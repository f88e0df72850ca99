"""Load balancers to serve, real WebSocket servers behind them, and clients that trust them."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import serve

from local.cloud.terminator import (
    Action,
    Condition,
    FixedResponse,
    Forward,
    HaproxyTerminator,
    HealthCheck,
    Listener,
    LoadBalancer,
    Rule,
    Target,
    TargetGroup,
    Terminator,
    TunnelTerminator,
    find_haproxy,
    make_certificate,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from websockets.asyncio.client import ClientConnection
    from websockets.asyncio.server import ServerConnection
    from websockets.http11 import Request, Response

KINDS = ["haproxy", "python"]
GROUP = "arn:group"
HTTPS, HTTP = 443, 80
CHECK_SECONDS = 0.05


def path_is(path: str) -> Condition:
    """Return the condition that a request asks for exactly this path."""
    return Condition(subject="path", expression=f"^{path}$")


def balance(
    *targets: Target, default: Action | None = None, rules: tuple[Rule, ...] = (), **settings: Any
) -> LoadBalancer:
    """Return a load balancer whose HTTPS listener passes everything on to `targets`."""
    group = TargetGroup(
        targets=targets, health_check=HealthCheck(path="/readyz", statuses="200,204-299")
    )
    listener = Listener(
        port=HTTPS, protocol="HTTPS", default=default or Forward(((GROUP, 1),)), rules=rules
    )
    return LoadBalancer(**{"listeners": (listener,), "groups": {GROUP: group}, **settings})


@dataclass
class EchoTarget:
    """A server that answers every message and every request with its own name."""

    name: str
    is_ready: bool = True
    seen: list[dict[str, list[str]]] = field(default_factory=list)
    target: Target = field(default_factory=lambda: Target("127.0.0.1", 0))

    async def talk(self, socket: ServerConnection) -> None:
        async for message in socket:
            await socket.send(f"{self.name}: {message!r}")

    def answer(self, connection: ServerConnection, request: Request) -> Response | None:
        if request.path == "/readyz":
            return connection.respond(200 if self.is_ready else 503, "")
        names = {name.lower() for name in request.headers}
        self.seen.append({name: request.headers.get_all(name) for name in names})
        if "upgrade" in names:
            return None
        return connection.respond(200, self.name)


@asynccontextmanager
async def echo_target(name: str, port: int = 0) -> AsyncIterator[EchoTarget]:
    """Serve until the block ends."""
    echo = EchoTarget(name)
    async with serve(echo.talk, "127.0.0.1", port, process_request=echo.answer) as server:
        echo.target = Target("127.0.0.1", next(iter(server.sockets)).getsockname()[1])
        yield echo


@dataclass
class Front:
    """A terminator that serves, seen by its clients."""

    terminator: Terminator
    trust: ssl.SSLContext

    def address(self, path: str = "", *, scheme: str = "https", port: int = HTTPS) -> str:
        return f"{scheme}://localhost:{self.terminator.ports[port]}{path}"

    async def get(self, path: str, *, port: int = HTTPS, **options: Any) -> httpx.Response:
        """Ask once, on a connection of its own."""
        method = options.pop("method", "GET")
        scheme = "https" if port == HTTPS else "http"
        async with httpx.AsyncClient(verify=self.trust, trust_env=False) as client:
            url = self.address(path, scheme=scheme, port=port)
            return await client.request(method, url, **options)

    async def until(self, path: str, status: int, seconds: float = 10.0) -> None:
        """Ask until the answer is `status`."""
        async with asyncio.timeout(seconds):
            while (await self.get(path)).status_code != status:
                pass

    def connect(self, path: str = "/ws") -> connect:
        return connect(self.address(path, scheme="wss"), ssl=self.trust, proxy=None)

    async def reload(self, load_balancer: LoadBalancer) -> None:
        await asyncio.to_thread(self.terminator.reload, load_balancer)


def make_terminator(
    kind: str, load_balancer: LoadBalancer, folder: Path, **options: Any
) -> tuple[Terminator, ssl.SSLContext]:
    """Return a terminator of one kind, not started, and what its clients trust; or skip."""
    certificate = make_certificate(folder)
    options = {"certificate": certificate, "check_seconds": CHECK_SECONDS, **options}
    trust = ssl.create_default_context(cafile=certificate.authority)
    if kind == "python":
        return TunnelTerminator(load_balancer, **options), trust
    program = find_haproxy()
    if program is None:
        pytest.skip("needs haproxy: make system")
    return HaproxyTerminator(load_balancer, program=program, **options), trust


@asynccontextmanager
async def serve_front(
    kind: str, load_balancer: LoadBalancer, folder: Path, **options: Any
) -> AsyncIterator[Front]:
    """Serve a load balancer until the block ends."""
    terminator, trust = make_terminator(kind, load_balancer, folder, **options)
    await asyncio.to_thread(terminator.start)
    try:
        yield Front(terminator, trust)
    finally:
        await asyncio.to_thread(terminator.stop)


async def ask(socket: ClientConnection, text: str) -> str:
    """Send a message and return the answer."""
    await socket.send(text)
    async with asyncio.timeout(10):
        return str(await socket.recv())


NOT_FOUND = FixedResponse(status=404, body="it's not here\n")
