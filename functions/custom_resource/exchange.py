"""One HTTP request and its answer, within a time limit. Never repeats, redirects or uses a proxy.

Written on `http.client`, which adds no Content-Type: the signature of a pre-signed S3 URL, as
CloudFormation's are, covers that header.
"""

from __future__ import annotations

import http.client
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

_ANSWER_BYTES = 8 * 1024 * 1024
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class NotSent(Exception):
    """The other side can't have seen the request: there was no connection."""


class NoAnswer(Exception):
    """The request may have been seen and acted upon; no answer came."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the other side said; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def exchange(
    method: str,
    url: str,
    *,
    seconds: float,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Send a request and return its answer, whatever its status.

    `seconds` limits the connection and each wait for bytes. Raises NotSent, NoAnswer, and
    ValueError for an address that is neither https nor http on loopback.
    """
    connection, path = _open(url, seconds)
    try:
        _connect(connection)
        return _converse(connection, method, path, body, headers or {})
    finally:
        connection.close()


def _open(url: str, seconds: float) -> tuple[http.client.HTTPConnection, str]:
    parts = urlsplit(url)
    host = parts.hostname or ""
    path = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
    if parts.scheme == "https":
        return http.client.HTTPSConnection(host, parts.port, timeout=seconds), path
    # Keys and pre-signed addresses travel here: in clear only where nobody else listens.
    if parts.scheme == "http" and host in _LOOPBACK:
        return http.client.HTTPConnection(host, parts.port, timeout=seconds), path
    raise ValueError("an address must be https, or http on loopback")


def _connect(connection: http.client.HTTPConnection) -> None:
    try:
        connection.connect()
    except OSError as error:
        raise NotSent(_say(error)) from None


def _converse(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    body: bytes | None,
    headers: Mapping[str, str],
) -> Answer:
    try:
        connection.request(method, path, body, dict(headers))
        response = connection.getresponse()
        names = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, names, response.read(_ANSWER_BYTES))
    except (OSError, http.client.HTTPException) as error:
        raise NoAnswer(_say(error)) from None


def _say(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "timed out"
    reason = getattr(error, "strerror", None)
    return str(reason) if reason else type(error).__name__
