from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from functions.token import exchange as module
from functions.token.exchange import (
    LONGEST_BODY_BYTES,
    Request,
    TimedOut,
    Unreachable,
    check_url,
    exchange,
)
from tests.fakes.platform_certificates import make_contexts
from tests.fakes.scripted_http import Scripted, ScriptedServer, serve_http

KEY = "sk_test_exchange"


@pytest.fixture
def https(tmp_path: Path) -> Iterator[ScriptedServer]:
    server_side, _ = make_contexts(tmp_path)
    with serve_http(Scripted(body=b"hello"), tls=server_side) as server:
        yield server


def test_request_arrives_whole() -> None:
    """Method, path, query, headers and body are what the other side sees."""
    with serve_http(Scripted(201, b"made", {"X-Answer": "yes"})) as server:
        headers = {"xi-api-key": KEY}
        answer = exchange(Request("POST", f"{server.url}/a/b?c=d%20e", headers, b"body"), 5)
        (seen,) = server.received
    assert (seen.method, seen.target, seen.body) == ("POST", "/a/b?c=d%20e", b"body")
    assert seen.headers["xi-api-key"] == KEY
    assert (answer.status, answer.body, answer.headers["x-answer"]) == (201, b"made", "yes")


def test_redirect_is_not_followed() -> None:
    """A key is sent to the configured host and to no other."""
    with serve_http(Scripted(307, headers={"Location": "/elsewhere"})) as server:
        assert exchange(Request("GET", server.url), 5).status == 307
        assert len(server.received) == 1


def test_answer_has_a_limit() -> None:
    """No more is read than any real answer is long."""
    with serve_http(Scripted(body=b"x" * (LONGEST_BODY_BYTES + 1))) as server:
        assert len(exchange(Request("GET", server.url), 5).body) == LONGEST_BODY_BYTES


def test_silence_ends_at_the_limit() -> None:
    """The wait for an answer is bounded."""
    with serve_http(Scripted(hangs=True)) as server, pytest.raises(TimedOut):
        exchange(Request("GET", server.url), 0.1)


def test_unknown_certificate_is_refused(https: ScriptedServer) -> None:
    """TLS is verified; a stranger's certificate ends the exchange before anything is sent."""
    with pytest.raises(Unreachable, match="SSLCertVerificationError"):
        exchange(Request("GET", https.url, {"xi-api-key": KEY}), 5)
    assert https.received == []


def test_known_certificate_is_accepted(
    https: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The authorities are the machine's, or those that OpenSSL's own variable names."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    monkeypatch.setattr(module, "load_authorities", ssl.create_default_context)
    assert exchange(Request("GET", https.url), 5).body == b"hello"


def test_plain_http_leaves_this_machine_never() -> None:
    """Not even an address that nobody checked before is asked without TLS."""
    with pytest.raises(Unreachable, match="this machine only"):
        exchange(Request("GET", "http://192.0.2.1/"), 5)


def test_failure_does_not_quote_a_header() -> None:
    """A key that HTTP can't carry is not part of the complaint."""
    with serve_http(Scripted()) as server, pytest.raises(Unreachable) as failure:
        exchange(Request("GET", server.url, {"xi-api-key": f"{KEY}\r\nx: y"}), 5)
    assert KEY not in str(failure.value)
    assert failure.value.__suppress_context__


def test_request_hides_its_headers() -> None:
    """Where a request is shown, its key isn't."""
    assert KEY not in repr(Request("GET", "https://example.com", {"xi-api-key": KEY}))


@pytest.mark.parametrize(
    "url",
    [
        "https://api.elevenlabs.io",
        "https://proxy.example.com:8443/base/",
        "http://127.0.0.1:8080",
        "http://localhost:1",
        "http://[::1]:1",
    ],
)
def test_plain_addresses_are_good(url: str) -> None:
    """TLS anywhere, plain HTTP to this machine; a slash at the end is dropped."""
    assert check_url(url) == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        "http://api.elevenlabs.io",
        "http://localhost.example.com",
        "https://",
        "https://name:word@example.com",
        "https://example.com?x=1",
        "https://example.com:99999",
        "ftp://127.0.0.1",
        "api.elevenlabs.io",
    ],
)
def test_other_addresses_are_refused(url: str) -> None:
    """The complaint does not repeat the address, which may hold a password."""
    with pytest.raises(ValueError, match="is not a plain https") as complaint:
        check_url(url)
    assert "word" not in str(complaint.value)
