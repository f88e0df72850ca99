"""The request head and its answers, without a socket."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.utils import accept_key

from speech_engine.http1 import (
    MAX_HEAD_BYTES,
    BadRequest,
    Request,
    accept_upgrade,
    build_response,
    parse_head,
    take_head,
)

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
UPGRADE = {
    "connection": "keep-alive, Upgrade",
    "upgrade": "WebSocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": KEY,
}


def test_head_that_goes_on_is_waited_for() -> None:
    """Without the empty line there is no head yet."""
    assert take_head(b"GET / HTTP/1.1\r\nHost: x\r\n") is None


def test_head_is_split_from_what_follows() -> None:
    """Frames that come in the same segment are kept for the conversation."""
    assert take_head(b"GET / HTTP/1.1\r\nA: b\r\n\r\n\x81\x80") == (
        "GET / HTTP/1.1\r\nA: b\r\n",
        b"\x81\x80",
    )


@pytest.mark.parametrize("end", [b"", b"\r\n\r\n"])
def test_head_that_is_too_long_is_refused(end: bytes) -> None:
    """A head over the limit is 431, whether or not it ends."""
    with pytest.raises(BadRequest) as refusal:
        take_head(b"G" * (MAX_HEAD_BYTES + 1) + end)
    assert refusal.value.status == 431


def test_headers_are_found_in_lower_case_and_joined() -> None:
    """Names lose their case, values the blanks around them; repeated ones are joined."""
    request = parse_head("GET /ws?a=b HTTP/1.1\r\nHost:  x \t\r\nX-A: 1\r\nx-a: 2\r\n")
    assert request == Request("GET", "/ws?a=b", {"host": "x", "x-a": "1, 2"})


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("GET / HTTP/2", 505),
        ("GET /", 400),
        ("GET  / HTTP/1.1", 400),
        ("GET / FTP/1.1", 400),
        ("GET / HTTP/1.1\r\nno colon", 400),
        ("GET / HTTP/1.1\r\nName : x", 400),
        ("GET / HTTP/1.1\r\n: x", 400),
        ("GET / HTTP/1.1\r\nA: x\r\n folded", 400),
        ("GET / HTTP/1.1\r\nA: x\nB: y", 400),
        ("GET / HTTP/1.1\r\nA: x\rB: y", 400),
        ("GET / HTTP/1.1\r\nA: x\x00", 400),
    ],
)
def test_head_that_is_malformed_is_refused(head: str, status: int) -> None:
    """What another reader might understand differently is not read at all."""
    with pytest.raises(BadRequest) as refusal:
        parse_head(f"{head}\r\n")
    assert refusal.value.status == status


@given(st.text(alphabet=st.characters(max_codepoint=255), max_size=200))
def test_head_of_any_text_is_read_or_refused(head: str) -> None:
    """No request head makes the parser fail in another way."""
    with contextlib.suppress(BadRequest):
        assert isinstance(parse_head(f"GET / HTTP/1.1\r\n{head}\r\n"), Request)


def test_upgrade_is_answered_with_the_key() -> None:
    """The answer proves that the request was understood, and offers no extension."""
    response = accept_upgrade(Request("GET", "/", UPGRADE)).decode()
    assert response.startswith("HTTP/1.1 101 Switching Protocols\r\n")
    assert f"Sec-WebSocket-Accept: {accept_key(KEY)}\r\n" in response
    assert "extensions" not in response.lower()


@pytest.mark.parametrize(
    ("method", "changes", "status"),
    [
        ("POST", {}, 405),
        ("GET", {"connection": "close"}, 426),
        ("GET", {"upgrade": "h2c"}, 426),
        ("GET", {"sec-websocket-version": "8"}, 426),
        ("GET", {"content-length": "3"}, 400),
        ("GET", {"transfer-encoding": "chunked"}, 400),
        ("GET", {"sec-websocket-key": ""}, 400),
        ("GET", {"sec-websocket-key": "c2hvcnQ="}, 400),
        ("GET", {"sec-websocket-key": "é"}, 400),
    ],
)
def test_upgrade_that_is_none_is_refused(method: str, changes: dict[str, str], status: int) -> None:
    """Whatever is no WebSocket handshake of version 13 has its own status."""
    with pytest.raises(BadRequest) as refusal:
        accept_upgrade(Request(method, "/", UPGRADE | changes))
    assert refusal.value.status == status


def test_upgrade_needs_http_1_1() -> None:
    """A health checker may speak HTTP/1.0, a WebSocket client may not."""
    request = parse_head("GET / HTTP/1.0\r\nHost: x\r\n")
    with pytest.raises(BadRequest) as refusal:
        accept_upgrade(Request("GET", "/", UPGRADE, request.version))
    assert refusal.value.status == 505


@pytest.mark.parametrize("has_body", [True, False])
def test_response_ends_the_connection(has_body: bool) -> None:
    """A plain answer has its length and its own headers; a HEAD gets no body."""
    response = build_response(503, "full\n", {"Retry-After": "5"}, has_body=has_body).decode()
    head, _, body = response.partition("\r\n\r\n")
    assert head.split("\r\n") == [
        "HTTP/1.1 503 Service Unavailable",
        "Content-Length: 5",
        "Content-Type: text/plain; charset=utf-8",
        "Connection: close",
        "Retry-After: 5",
    ]
    assert body == ("full\n" if has_body else "")


def test_response_that_asks_for_an_upgrade_says_to_what() -> None:
    """426 names the protocol and the version, RFC 9110 section 15.5.22."""
    response = build_response(426, "upgrade\n", {})
    assert b"\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" in response
