"""The head of an HTTP/1.1 request, and what a listener decides for it. Pure: bytes and values.

https://www.rfc-editor.org/rfc/rfc9112
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from local.cloud.terminator.model import Action, Condition, Listener, Redirect

if TYPE_CHECKING:
    from collections.abc import Mapping

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_PLAIN_NAME = re.compile(r"[-A-Za-z0-9]+")
# These say how this connection goes on, and the next one is another.
_OF_THE_CONNECTION = {"connection", "keep-alive", "proxy-connection"}


class BadRequestError(Exception):
    """What came is no request that can be passed on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Method, target and headers in their order."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]

    def all(self, name: str) -> list[str]:
        """Return the values of every header called `name`."""
        return [value for each, value in self.headers if each.lower() == name.lower()]

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        """What follows the question mark."""
        return self.target.partition("?")[2]

    @property
    def host(self) -> str:
        """The name that the client asked for, without a port."""
        return re.sub(r":\d*$", "", "".join(self.all("host")[:1]))

    @property
    def is_upgrade(self) -> bool:
        """Whether the client wants to speak another protocol from here on."""
        return any("upgrade" in value.lower() for value in self.all("connection"))


def parse_request(head: bytes) -> Request:
    """Parse a head that ends in an empty line. Raises BadRequestError."""
    first, *lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or not _TOKEN.fullmatch(words[0]) or not words[2].startswith("HTTP/1."):
        raise BadRequestError("no request line of HTTP/1")
    if not words[1].startswith("/"):
        raise BadRequestError("the target is no path")
    return Request(method=words[0], target=words[1], headers=tuple(map(_header, lines)))


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon or not _TOKEN.fullmatch(name):
        raise BadRequestError("a line of the head is no header")
    return name, value.strip(" \t")


def choose_action(listener: Listener, request: Request) -> Action:
    """Return the action of the first rule that fits."""
    for rule in listener.rules:
        if all(_fits(condition, request) for condition in rule.conditions):
            return rule.action
    return listener.default


def _fits(condition: Condition, request: Request) -> bool:
    if condition.subject == "header":
        return any(map(condition.fits, request.all(condition.header)))
    return condition.fits(str(getattr(request, condition.subject)))


def locate(
    redirect: Redirect, request: Request, listener: Listener, ports: Mapping[int, int]
) -> str:
    """Return the address to which a request is sent on, with the port as it is on loopback."""
    values = {
        "#{protocol}": listener.protocol,
        "#{host}": request.host,
        "#{port}": str(listener.port),
        "#{path}": request.path.removeprefix("/"),
        "#{query}": request.query,
    }

    def fill(text: str) -> str:
        return re.sub(r"#\{\w+\}", lambda found: values.get(found[0], found[0]), text)

    port = int(fill(redirect.port))
    address = f"{fill(redirect.protocol).lower()}://{fill(redirect.host)}:{ports.get(port, port)}"
    query = fill(redirect.query)
    if "#{query}" in redirect.query and not request.query:
        query = ""
    return f"{address}{fill(redirect.path)}{'?' if query else ''}{query}"


def write_forwarded(
    request: Request, listener: Listener, client: str, *, drops_invalid_headers: bool
) -> bytes:
    """Return the head as the target gets it: one request on one connection.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/x-forwarded-headers.html
    """
    own = {"x-forwarded-proto": listener.protocol.lower(), "x-forwarded-port": str(listener.port)}
    kept = [
        (name, value)
        for name, value in request.headers
        if name.lower() not in own
        and (request.is_upgrade or name.lower() not in _OF_THE_CONNECTION)
        and (_PLAIN_NAME.fullmatch(name) or not drops_invalid_headers)
    ]
    added = [*own.items(), ("x-forwarded-for", client)]
    if not request.is_upgrade:
        added.append(("connection", "close"))
    return _head(f"{request.method} {request.target} HTTP/1.1", [*kept, *added])


def write_answer(status: int, body: str = "", *, headers: Mapping[str, str] | None = None) -> bytes:
    """Return a whole answer, the last one on its connection."""
    content = body.encode()
    fields = {"content-length": str(len(content)), "connection": "close", **(headers or {})}
    reason = HTTPStatus(status).phrase if status in {*HTTPStatus} else ""
    return _head(f"HTTP/1.1 {status} {reason}", list(fields.items())) + content


def _head(first: str, headers: list[tuple[str, str]]) -> bytes:
    lines = [first, *(f"{name}: {value}" for name, value in headers), "", ""]
    return "\r\n".join(lines).encode("latin-1")
