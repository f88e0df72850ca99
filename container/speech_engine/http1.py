"""The one HTTP request of a connection, and its answer: bytes in, bytes out, no I/O.

Small on purpose: a request without a body, in one form. Refusing a caller has to cost little,
since anybody can knock. https://www.rfc-editor.org/rfc/rfc9112
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

MAX_HEAD_BYTES = 16 * 1024

_HEAD_END = b"\r\n\r\n"
_NAME = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_TEXT = r"[\t\x20-\x7e\x80-\xff]*"
# The whole head in one match. What another reader might split differently (bare CR or LF, folded
# lines, blanks before a colon) does not match. RFC 9112 sections 3 and 5.
_HEAD = re.compile(
    rf"({_NAME}) ([\x21-\x7e\x80-\xff]+) HTTP/1\.([01])\r\n((?:{_NAME}:{_TEXT}\r\n)*)"
)
_OTHER_VERSION = re.compile(r"\S+ \S+ HTTP/(?!1\.[01]\r\n)")
_WEBSOCKET_VERSION = "13"
_WEBSOCKET_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 section 1.3

OK = 200
BAD_REQUEST = 400
UNAUTHORIZED = 401
NOT_FOUND = 404
METHOD_NOT_ALLOWED = 405
UPGRADE_REQUIRED = 426
HEADERS_TOO_LARGE = 431
SERVICE_UNAVAILABLE = 503
VERSION_NOT_SUPPORTED = 505

_PHRASES = {
    OK: "OK",
    BAD_REQUEST: "Bad Request",
    UNAUTHORIZED: "Unauthorized",
    NOT_FOUND: "Not Found",
    METHOD_NOT_ALLOWED: "Method Not Allowed",
    UPGRADE_REQUIRED: "Upgrade Required",
    HEADERS_TOO_LARGE: "Request Header Fields Too Large",
    SERVICE_UNAVAILABLE: "Service Unavailable",
    VERSION_NOT_SUPPORTED: "HTTP Version Not Supported",
}


class BadRequest(Exception):
    """A request that can't be read or upgraded; ``status`` and the text are the answer."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


@dataclass(frozen=True, slots=True)
class Request:
    """A request's head. Header names are in lower case; repeated ones are joined by commas."""

    method: str
    target: str
    headers: dict[str, str]
    version: str = "1.1"


# What a status has to say of itself, RFC 9110 sections 15.5.6 and 15.5.22.
_OWN_HEADERS = {
    METHOD_NOT_ALLOWED: ("Connection: close", "Allow: GET, HEAD"),
    UPGRADE_REQUIRED: (
        "Connection: close, Upgrade",
        "Upgrade: websocket",
        f"Sec-WebSocket-Version: {_WEBSOCKET_VERSION}",
    ),
}


def take_head(received: bytes) -> tuple[str, bytes] | None:
    """Split what was received into the head, line ends included, and what follows it.

    None if the head goes on. Raises BadRequest (431) when it goes on for too long.
    """
    end = received.find(_HEAD_END)
    if end > MAX_HEAD_BYTES or (end < 0 and len(received) > MAX_HEAD_BYTES):
        raise BadRequest(HEADERS_TOO_LARGE, "request head too long")
    if end < 0:
        return None
    return received[: end + 2].decode("latin-1"), received[end + len(_HEAD_END) :]


def parse_head(head: str) -> Request:
    """Read a request's head. Raises BadRequest (400, 505)."""
    match = _HEAD.fullmatch(head)
    if match is None:
        if _OTHER_VERSION.match(head):
            raise BadRequest(VERSION_NOT_SUPPORTED, "only HTTP/1.1 is spoken here")
        raise BadRequest(BAD_REQUEST, "malformed request")
    method, target, minor, lines = match.groups()
    headers: dict[str, str] = {}
    for line in lines.split("\r\n")[:-1]:
        name, _, value = line.partition(":")
        name, value = name.lower(), value.strip(" \t")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return Request(method, target, headers, f"1.{minor}")


def accept_upgrade(request: Request) -> bytes:
    """The response that opens the WebSocket; extensions and subprotocols are declined.

    Raises BadRequest (400, 405, 426, 505). https://www.rfc-editor.org/rfc/rfc6455#section-4.2
    """
    headers = request.headers
    if request.method != "GET":
        raise BadRequest(METHOD_NOT_ALLOWED, "only GET is answered here")
    if request.version != "1.1":
        raise BadRequest(VERSION_NOT_SUPPORTED, "only HTTP/1.1 can be upgraded")
    if "transfer-encoding" in headers or headers.get("content-length", "0") != "0":
        raise BadRequest(BAD_REQUEST, "an upgrade has no body")
    options = [option.strip() for option in headers.get("connection", "").lower().split(",")]
    if "upgrade" not in options or headers.get("upgrade", "").lower() != "websocket":
        raise BadRequest(UPGRADE_REQUIRED, "this is a WebSocket server: upgrade")
    if headers.get("sec-websocket-version") != _WEBSOCKET_VERSION:
        raise BadRequest(UPGRADE_REQUIRED, "only WebSocket version 13 is spoken here")
    key = headers.get("sec-websocket-key", "")
    if not _is_key(key):
        raise BadRequest(BAD_REQUEST, "malformed Sec-WebSocket-Key")
    return (
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Accept: {_accept_key(key)}\r\n\r\n"
    ).encode("ascii")


def _accept_key(key: str) -> str:
    digest = hashlib.sha1(key.encode() + _WEBSOCKET_GUID, usedforsecurity=False).digest()
    return base64.b64encode(digest).decode()


def _is_key(key: str) -> bool:
    try:
        return len(base64.b64decode(key, validate=True)) == 16
    except (binascii.Error, ValueError):
        return False


def build_response(
    status: int, body: str, headers: Mapping[str, str], *, has_body: bool = True
) -> bytes:
    """A plain-text response that ends the connection; ``has_body`` False answers a HEAD."""
    lines = [
        f"HTTP/1.1 {status} {_PHRASES[status]}",
        f"Content-Length: {len(body)}",
        "Content-Type: text/plain; charset=utf-8",
        *_OWN_HEADERS.get(status, ("Connection: close",)),
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join([*lines, "", body if has_body else ""]).encode("ascii")
