"""An HTTP server on loopback that answers by script: the faults that no simulator has."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ssl


@dataclass(frozen=True)
class Scripted:
    """One answer; after `hangs` none comes before the server stops."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    hangs: bool = False


@dataclass(frozen=True)
class Received:
    """One request as it arrived."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


Answerer = Callable[[Received], Scripted]


class ScriptedServer(ThreadingHTTPServer):
    """Serves `answer` and keeps what was asked."""

    daemon_threads = True

    def __init__(self, answer: Answerer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = answer
        self.received: list[Received] = []
        self.stopping = threading.Event()
        self.scheme = "http"

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of callers that hang up or shake hands badly."""


class _Handler(BaseHTTPRequestHandler):
    server: ScriptedServer

    def answer_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        received = Received(self.command, self.path, headers, body)
        self.server.received.append(received)
        scripted = self.server.answer(received)
        if scripted.hangs:
            self.server.stopping.wait()
            return
        self.send_response(scripted.status)
        for name, value in {**scripted.headers, "Content-Length": str(len(scripted.body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(scripted.body)

    do_GET = do_POST = answer_any  # noqa: N815 - the names that the base class looks up

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
        """Write nothing to standard error."""


@contextlib.contextmanager
def serve_http(
    *script: Scripted, answer: Answerer | None = None, tls: ssl.SSLContext | None = None
) -> Iterator[ScriptedServer]:
    """Serve the script, its last answer again and again; or whatever `answer` returns."""
    left = list(script)
    server = ScriptedServer(answer or (lambda _: left.pop(0) if len(left) > 1 else left[0]))
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        server.scheme = "https"
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    serving.start()
    try:
        yield server
    finally:
        server.stopping.set()
        server.shutdown()
        serving.join()
        server.server_close()
