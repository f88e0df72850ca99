"""A way to the platform simulator on which requests fail as told."""

from __future__ import annotations

import http.client
import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tests.fakes.loopback_server import QuietHandler, serve_loopback

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Fault:
    """What becomes of one request with this method: an answer, or none for `status` 0.

    The answer is a `page` that is no JSON, or an error object with `detail`. `done` says that the
    platform acts on the request all the same, `hangs` that the line stays open.
    """

    method: str
    status: int = 0
    detail: Any = None
    page: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    done: bool = False
    hangs: bool = False


@dataclass
class FaultyPlatform:
    """Each of `faults` hits the next request of its method, once; the others pass."""

    url: str = ""
    faults: list[Fault] = field(default_factory=list)
    requests: list[tuple[str, str]] = field(default_factory=list)

    @property
    def methods(self) -> list[str]:
        return [method for method, _ in self.requests]

    def take_fault(self, method: str) -> Fault | None:
        for fault in self.faults:
            if fault.method == method:
                self.faults.remove(fault)
                return fault
        return None


class _Line(QuietHandler):
    platform: FaultyPlatform
    closing: threading.Event
    netloc: str

    def handle_any(self) -> None:
        self.platform.requests.append((self.command, self.path))
        body = self.read_body()
        fault = self.platform.take_fault(self.command)
        if fault is None:
            self._answer(*self._forward(body))
        else:
            self._fail(fault, body)

    do_GET = do_POST = do_PATCH = do_DELETE = handle_any  # noqa: N815 - named by http.server

    def _fail(self, fault: Fault, body: bytes) -> None:
        if fault.done:
            self._forward(body)
        if fault.hangs:
            self.closing.wait(10)
        if fault.status:
            body = fault.page or json.dumps({"detail": fault.detail}).encode()
            self._answer(fault.status, body, fault.headers)
        self.close_connection = True

    def _forward(self, body: bytes) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(self.netloc, timeout=10)
        names = ("xi-api-key", "content-type")
        headers = {name: self.headers[name] for name in names if self.headers[name]}
        try:
            connection.request(self.command, self.path, body, headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def open_faulty_platform(url: str, *faults: Fault) -> Iterator[FaultyPlatform]:
    """Pass requests on to the platform at `url` until the block ends."""
    platform = FaultyPlatform(faults=list(faults))
    closing = threading.Event()
    parts = {"platform": platform, "closing": closing, "netloc": urlsplit(url).netloc}
    with serve_loopback(type("Line", (_Line,), parts)) as platform.url:
        try:
            yield platform
        finally:
            closing.set()
