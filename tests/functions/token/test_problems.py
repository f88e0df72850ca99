from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING

import pytest

from functions.token import app
from functions.token.issuer import Issuer
from functions.token.logs import JsonFormatter
from functions.token.settings import read_settings
from tests.fakes.scripted_http import Scripted, serve_http
from tests.fakes.token_endpoint import API_KEY, Endpoint, deploy

if TYPE_CHECKING:
    from local.platform import Platform
    from tests.fakes.secrets_manager import SecretStore

SECRETIVE = "request 7f3 of workspace 42 failed"
REMEDIES = {
    "key_missing": "put-secret-value",
    "key_unavailable": "permission",
    "key_refused": "valid one",
    "engine_unknown": "deploy",
    "payment_required": "credits",
}


def answer(status: int, code: str = "some_code", **headers: str) -> Scripted:
    """Return an error in the platform's shape."""
    detail = {"status": code, "code": code, "message": SECRETIVE, "request_id": "7f3"}
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Scripted(status, json.dumps({"detail": detail}).encode(), names)


def told(caplog: pytest.LogCaptureFixture) -> str:
    """Return the one line that the failure left in the log."""
    (record,) = [r for r in caplog.records if r.msg == "request failed"]
    line = JsonFormatter().format(record)
    assert API_KEY not in line
    assert SECRETIVE not in line
    return line


@pytest.mark.parametrize(
    ("upstream", "status", "code"),
    [
        (answer(400), 502, "upstream_refused"),
        (answer(401, "invalid_api_key"), 502, "key_refused"),
        (answer(403, "missing_permissions"), 502, "key_refused"),
        (answer(402), 503, "payment_required"),
        (answer(404), 502, "engine_unknown"),
        (Scripted(422, b'{"detail":[{"loc":["query","agent_id"],"msg":"x"}]}'), 502, None),
        (Scripted(307, b"", {"Location": "https://example.com"}), 502, "upstream_refused"),
        (answer(500), 502, "upstream_failed"),
        (answer(503), 503, "upstream_failed"),
        (Scripted(500, b"\xff<html>"), 502, "upstream_failed"),
        (Scripted(200, b"[]"), 502, "upstream_unreadable"),
        (Scripted(200, b"not json"), 502, "upstream_unreadable"),
        (Scripted(200, b'{"token": 7}'), 502, "upstream_unreadable"),
    ],
)
def test_upstream_error_becomes_a_problem(
    secrets: SecretStore,
    caplog: pytest.LogCaptureFixture,
    upstream: Scripted,
    status: int,
    code: str | None,
) -> None:
    """The browser learns what kind of trouble it is, and nothing that the platform wrote."""
    with serve_http(upstream) as server:
        reply = deploy(secrets, server.url).fail()
    assert reply.status == status
    assert reply.content["code"] == (code or "upstream_refused")
    assert SECRETIVE not in reply.text
    assert REMEDIES.get(reply.content["code"], "") in told(caplog)


def test_upstream_code_reaches_the_log(
    secrets: SecretStore, caplog: pytest.LogCaptureFixture
) -> None:
    """The operator sees the platform's own name for the error, if it looks like one."""
    with serve_http(answer(400, "input_invalid"), answer(400, f"{API_KEY} is Bad")) as server:
        endpoint = deploy(secrets, server.url)
        endpoint.fail()
        assert "ElevenLabs answered 400 input_invalid" in told(caplog)
        caplog.clear()
        endpoint.fail()
        assert 'ElevenLabs answered 400"' in told(caplog)


@pytest.mark.parametrize(("sent", "wanted"), [("7", "7"), (None, "2"), ("soon", "2")])
def test_rate_limit_says_when_to_come_back(
    secrets: SecretStore, sent: str | None, wanted: str
) -> None:
    """What the platform asks for is passed on; otherwise two seconds."""
    headers = {"Retry_After": sent} if sent else {}
    with serve_http(answer(429, "rate_limit_exceeded", **headers)) as server:
        reply = deploy(secrets, server.url).fail()
    assert (reply.status, reply.headers["retry-after"]) == (429, wanted)


def test_silent_platform_is_a_timeout(secrets: SecretStore) -> None:
    """The endpoint gives up within its budget, before API Gateway would."""
    with serve_http(Scripted(hangs=True)) as server:
        assert deploy(secrets, server.url).fail().status == 504


def test_unreachable_platform_is_a_bad_gateway(
    secrets: SecretStore, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody listens: 502, and the log says at which host."""
    with serve_http(Scripted()) as server:
        url = server.url
    assert deploy(secrets, url).fail().status == 502
    assert "ConnectionRefusedError at 127.0.0.1" in told(caplog)


@pytest.mark.parametrize("value", [None, "changeme", "<your key>", '{"current": ""}'])
def test_missing_key_tells_the_operator(
    secrets: SecretStore, caplog: pytest.LogCaptureFixture, value: str | None
) -> None:
    """An empty secret or a placeholder: 503, and the log says what to type."""
    endpoint = deploy(secrets, "https://api.example.com", key=value)
    reply = endpoint.fail()
    assert (reply.status, reply.content["code"]) == (503, "key_missing")
    line = told(caplog)
    assert "put-secret-value" in line
    assert "arn:aws:secretsmanager" in line


@pytest.mark.parametrize("value", ["two words", "{not json sk_test", "ключ"])
def test_spoilt_key_is_not_shown(
    secrets: SecretStore, caplog: pytest.LogCaptureFixture, value: str
) -> None:
    """A value that can't be a key is named by its ARN alone."""
    reply = deploy(secrets, "https://api.example.com", key=value).fail()
    assert (reply.status, reply.content["code"]) == (503, "key_unavailable")
    assert value not in told(caplog)


def test_wrong_variables_are_listed_in_one_line(caplog: pytest.LogCaptureFixture) -> None:
    """All that is wrong is told at once, to the operator and not to the browser."""

    def open_issuer() -> Issuer:
        read_settings({"SPEECH_ENGINE_ID": "no id", "KEY_CACHE_SECONDS": "soon"})
        raise AssertionError

    reply = Endpoint(open_issuer).fail()
    assert (reply.status, reply.content["code"]) == (500, "not_configured")
    assert "SPEECH_ENGINE_ID" not in reply.text
    line = told(caplog)
    for name in ("ELEVENLABS_URL", "SPEECH_ENGINE_ID", "KEY_CACHE_SECONDS"):
        assert name in line


def test_bug_is_an_internal_error_without_words(caplog: pytest.LogCaptureFixture) -> None:
    """An unforeseen exception is logged by type and place; what it says may be a secret."""

    def open_issuer() -> Issuer:
        raise RuntimeError(f"at {API_KEY}")

    reply = Endpoint(open_issuer).fail()
    assert (reply.status, reply.content["code"]) == (500, "internal_error")
    line = json.loads(told(caplog))
    assert line["error_type"] == "RuntimeError"
    assert "open_issuer" in line["traceback"]


def test_unknown_engine_on_the_simulator(secrets: SecretStore, platform: Platform) -> None:
    """The platform's own 404 is the deployment's fault, not the browser's address."""
    reply = deploy(secrets, platform.url, engine_id="seng_none").fail()
    assert (reply.status, reply.content["code"]) == (502, "engine_unknown")


def test_hung_name_lookup_is_a_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has no limit of its own ends by the last one."""
    monkeypatch.setattr(app, "LONGEST_SECONDS", 0.05)
    over = threading.Event()

    def open_issuer() -> Issuer:
        over.wait(10)
        raise AssertionError

    try:
        assert Endpoint(open_issuer).fail().status == 504
    finally:
        over.set()


def test_success_is_logged_without_the_token(
    secrets: SecretStore, platform: Platform, caplog: pytest.LogCaptureFixture
) -> None:
    """One line says which route and how long; nothing that opens a conversation is in it."""
    caplog.set_level("INFO", "functions.token")
    engine = platform.create_engine(ws_url="wss://example.com/ws")
    token = deploy(secrets, platform.url, engine_id=engine.id).get("/api/token").content["token"]
    (record,) = [r for r in caplog.records if r.msg == "request answered"]
    line = JsonFormatter().format(record)
    assert json.loads(line)["path"] == "/api/token"
    assert token not in line
