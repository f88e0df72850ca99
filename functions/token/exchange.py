"""One HTTP request and its answer, over verified TLS. Knows no service and never tries again.

The standard library's client: a request a cold start does not pay for a larger one's import.
"""

from __future__ import annotations

import functools
import http.client
import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping
    from urllib.parse import SplitResult

LOOPBACK_HOSTS = ("127.0.0.1", "::1", "localhost")
LONGEST_BODY_BYTES = 256 * 1024


class Unreachable(Exception):
    """No answer came; the message names the kind of failure and nothing that was sent."""


class TimedOut(Unreachable):
    """No answer came within the time limit."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent. Headers may hold a key, so they are never shown."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whatever its status. Header names are in lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)


def check_url(url: str) -> str:
    """Return a base URL without a slash at its end. ValueError unless https, or http to itself."""
    if not _is_plain(urlsplit(url)):
        raise ValueError("is not a plain https:// address (http:// only to this machine itself)")
    return url.rstrip("/")


def _is_plain(parts: SplitResult) -> bool:
    try:
        port_is_sound = parts.port != 0
    except ValueError:
        return False
    schemes = ("https", "http") if parts.hostname in LOOPBACK_HOSTS else ("https",)
    extras = (parts.username, parts.password, parts.query, parts.fragment)
    return port_is_sound and bool(parts.hostname) and parts.scheme in schemes and not any(extras)


def exchange(request: Request, timeout_seconds: float) -> Answer:
    """Send and read the whole answer; redirects are answers. Raises TimedOut or Unreachable.

    The limit holds for each wait on the socket, the caller bounds their sum.
    """
    parts = urlsplit(request.url)
    connection = _open(parts, timeout_seconds)
    target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    try:
        connection.request(
            request.method, target, request.body or None, {**request.headers, "Connection": "close"}
        )
        response = connection.getresponse()
        body = response.read(LONGEST_BODY_BYTES)
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, headers, body)
    # `from None`: such an exception may quote the header that it choked on.
    except TimeoutError:
        raise TimedOut(f"no answer from {parts.hostname} in time") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Unreachable(f"{type(error).__name__} at {parts.hostname}") from None
    finally:
        connection.close()


def _open(parts: SplitResult, timeout_seconds: float) -> http.client.HTTPConnection:
    host = parts.hostname or ""
    if parts.scheme == "https":
        return http.client.HTTPSConnection(
            host, parts.port, timeout=timeout_seconds, context=load_authorities()
        )
    if host not in LOOPBACK_HOSTS:
        raise Unreachable("plain http is for this machine only")
    return http.client.HTTPConnection(host, parts.port, timeout=timeout_seconds)


@functools.cache
def load_authorities() -> ssl.SSLContext:
    """Read the machine's certificate authorities: once, and not before they are needed."""
    return ssl.create_default_context()
