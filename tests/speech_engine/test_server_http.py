"""What the server's port answers before a conversation: health, refusals, bad input.

Each refusal is one clear line with its status, and never a traceback.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
import warnings
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from speech_engine import Limits, SpeechEngineServer
from tests.fakes.sockets import (
    RawClient,
    dial,
    encode,
    port_of,
    raw_client,
    request,
    serving,
    until,
    upgrade_headers,
)
from tests.fakes.tokens import (
    API_KEY,
    HEADER,
    OTHER_API_KEY,
    authorization,
    sign_token,
)

MISSING = "missing authorization header\n"
FAILED = "authorization failed\n"


async def refusal(server: SpeechEngineServer, path: str = "/ws", **headers: str) -> tuple[int, str]:
    """Ask for a WebSocket; return the status and body of the answer."""
    status, _, body = await request(server, path, headers=upgrade_headers(**headers))
    return status, body


def url_of(server: SpeechEngineServer, path: str = "/ws") -> str:
    return f"ws://127.0.0.1:{port_of(server)}{path}"


async def accepts(server: SpeechEngineServer, path: str = "/ws", **headers: str) -> bool:
    """Whether an upgrade with `headers` leads to a conversation."""
    try:
        async with connect(url_of(server, path), additional_headers=headers, proxy=None):
            return True
    except InvalidStatus:
        return False


@pytest.mark.parametrize(
    ("token", "body"),
    [
        (None, MISSING),
        ("", MISSING),
        ("junk", FAILED),
        ("a.b.c", FAILED),
        (sign_token(OTHER_API_KEY), FAILED),
        (sign_token(exp=int(time.time()) - 3600), FAILED),
        (sign_token(iat=int(time.time()) + 3600), FAILED),
        (sign_token(iss="https://example.com"), FAILED),
        (sign_token(header={"alg": "none"}), FAILED),
        (sign_token(payload=b"[]"), FAILED),
        ("Bearer é", FAILED),
    ],
)
async def test_server_refuses_a_missing_or_bad_token(token: str | None, body: str) -> None:
    """Wrong key, expired token, missing header and junk are 401 with one line."""
    headers = {} if token is None else {HEADER: token}
    async with serving() as server:
        assert await refusal(server, **headers) == (401, body)


async def test_server_says_in_its_log_why_a_token_was_refused(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The operator can read the reason; token and keys are not in the log."""
    caplog.set_level(logging.INFO)
    token = sign_token(OTHER_API_KEY)
    async with serving() as server:
        await refusal(server, **{HEADER: token})
    everything = "".join(str(vars(record)) for record in caplog.records)
    assert "signature mismatch" in everything
    assert token not in everything
    assert API_KEY not in everything


@pytest.mark.parametrize("name", [HEADER, HEADER.lower(), HEADER.upper()])
@pytest.mark.parametrize("prefix", ["", "Bearer ", "bearer "])
async def test_server_accepts_a_good_token(name: str, prefix: str) -> None:
    """A good token opens a conversation, whatever the case of its header and prefix."""
    async with serving() as server:
        assert await accepts(server, **{name: prefix + sign_token()})


async def test_server_accepts_any_of_its_keys() -> None:
    """With several keys, tokens of each are good: none is dropped while keys are rotated."""
    async with serving(api_key=[API_KEY, OTHER_API_KEY]) as server:
        assert await accepts(server, **authorization(API_KEY))
        assert await accepts(server, **authorization(OTHER_API_KEY))
        assert not await accepts(server, **authorization("sk_test_third"))


async def test_server_asks_its_key_callable_for_each_connection() -> None:
    """A rotated key takes effect, and an old one ends, without a restart."""
    keys = [API_KEY]
    async with serving(api_key=lambda: keys) as server:
        assert await accepts(server, **authorization(API_KEY))
        keys[0] = OTHER_API_KEY
        assert await accepts(server, **authorization(OTHER_API_KEY))
        assert not await accepts(server, **authorization(API_KEY))


async def test_server_strips_the_residency_of_its_key() -> None:
    """A key with a residency suffix accepts tokens of its base key."""
    async with serving(api_key=f"{API_KEY}_residency_eu") as server:
        assert await accepts(server, **authorization(API_KEY))


async def test_server_takes_its_key_from_the_environment_at_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without `api_key` the environment's ELEVENLABS_API_KEY counts, as it is at the start."""
    server = SpeechEngineServer(port=0)
    monkeypatch.setenv("ELEVENLABS_API_KEY", OTHER_API_KEY)
    await server.start()
    try:
        assert await accepts(server, **authorization(OTHER_API_KEY))
        assert not await accepts(server, **authorization(API_KEY))
    finally:
        await server.stop()


@pytest.mark.parametrize("api_key", [None, "", "  ", []])
@pytest.mark.parametrize("method", ["start", "serve"])
async def test_server_without_a_key_does_not_start(
    api_key: Any, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A missing key is an error that names it, before anything listens."""
    monkeypatch.delenv("ELEVENLABS_API_KEY", raising=False)
    server = SpeechEngineServer(port=0, api_key=api_key)
    with pytest.raises(RuntimeError, match="API key"):
        await asyncio.wait_for(getattr(server, method)(), 5)
    assert len(server.sockets) == 0


async def test_server_with_auth_disabled_accepts_anybody_and_warns(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`disable_auth` needs no key, asks for no token, and warns of what it does."""
    monkeypatch.delenv("ELEVENLABS_API_KEY", raising=False)
    server = SpeechEngineServer(port=0, disable_auth=True)
    with pytest.warns(UserWarning, match="authentication is disabled"):
        await server.start()
    try:
        assert await accepts(server)
    finally:
        await server.stop()


@pytest.mark.parametrize("values", ["s3cret", ["old", "s3cret"], lambda: "s3cret"])
async def test_server_requires_its_extra_header(values: Any) -> None:
    """With a required header, a good token alone is not enough, and neither is the header."""
    async with serving(required_header=("X-Environment", values)) as server:
        assert await accepts(server, **authorization(), **{"x-environment": "s3cret"})
        for headers in (
            authorization(),
            {**authorization(), "X-Environment": "wrong"},
            {"X-Environment": "s3cret"},
        ):
            status, body = await refusal(server, **headers)
            assert status == 401
            assert body in {MISSING, FAILED}


async def test_server_requires_its_extra_header_without_auth_too() -> None:
    """The required header is checked also where tokens are not."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        async with serving(disable_auth=True, required_header=("X-Env", "s3cret")) as server:
            assert not await accepts(server)
            assert await accepts(server, **{"X-Env": "s3cret"})


@pytest.mark.parametrize("path", ["/ws", "/ws?x=1", "/ws?", "/ws?path=/other"])
async def test_server_path_ignores_the_query(path: str) -> None:
    """A query string after the right path does no harm."""
    async with serving(path="/ws") as server:
        assert await accepts(server, path, **authorization())


@pytest.mark.parametrize("path", ["/", "/ws/", "/wss", "/other", "/other?/ws", "/WS"])
async def test_server_refuses_another_path(path: str) -> None:
    """A wrong path is 404, whether the token is good or missing."""
    async with serving(path="/ws") as server:
        assert await refusal(server, path, **authorization()) == (404, "not found\n")
        assert await refusal(server, path) == (404, "not found\n")


@pytest.mark.parametrize("path", ["/", "/ws", "/any/where?x=1"])
async def test_server_without_a_path_accepts_any(path: str) -> None:
    """Where no path is set, every path leads to a conversation."""
    async with serving() as server:
        assert await accepts(server, path, **authorization())


async def test_server_answers_plain_http_with_426() -> None:
    """A browser that is pointed at the server is told that this takes a WebSocket."""
    async with serving() as server:
        status, headers, body = await request(server, headers=authorization())
        assert status == 426
        assert headers["upgrade"] == "websocket"
        assert "Traceback" not in body


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_server_healthz_is_fine_without_token(method: str) -> None:
    """The health check needs no token and works with HEAD, too."""
    async with serving(path="/ws") as server:
        status, headers, body = await request(server, "/healthz", method=method)
        assert status == 200
        assert headers["content-length"] == "3"
        assert body == ("ok\n" if method == "GET" else "")


async def test_server_readyz_fails_only_while_draining() -> None:
    """Readiness holds after the start and fails from the drain on; health holds all the time."""
    async with serving() as server:
        assert (await request(server, "/readyz"))[0] == 200
        server.begin_drain()
        assert (await request(server, "/readyz"))[0] == 503
        assert (await request(server, "/readyz?probe=1"))[0] == 503
        assert (await request(server, "/healthz"))[0] == 200


async def test_server_readyz_holds_when_the_server_is_full() -> None:
    """A server that takes no further conversation is still ready."""
    async with serving(limits=Limits(max_conversations=1)) as server, raw_client(server):
        assert (await refusal(server, **authorization()))[0] == 503
        assert (await request(server, "/readyz"))[0] == 200


async def test_server_that_is_full_answers_503_with_retry_after() -> None:
    """Beyond the limit an upgrade is put off, and accepted again when there is room."""
    async with (
        serving(limits=Limits(max_conversations=2)) as server,
        raw_client(server),
        raw_client(server) as second,
    ):
        assert server.conversations == 2
        status, headers, _ = await request(server, headers=upgrade_headers(**authorization()))
        assert status == 503
        assert int(headers["retry-after"]) > 0
        await second.close()
        await until(lambda: server.conversations == 1)
        assert await accepts(server, **authorization())


async def test_server_that_is_full_does_not_tell_strangers() -> None:
    """Without a good token a full server is refused like any other."""
    async with serving(limits=Limits(max_conversations=1)) as server, raw_client(server):
        assert await refusal(server) == (401, MISSING)


async def test_server_that_drains_refuses_new_conversations_only() -> None:
    """From the drain on, upgrades are 503 and live conversations go on."""
    async with serving() as server, raw_client(server) as client:
        server.begin_drain()
        status, headers, _ = await request(server, headers=upgrade_headers(**authorization()))
        assert status == 503
        assert int(headers["retry-after"]) > 0
        await client.send({"type": "ping"})
        await client.received({"type": "pong"})


@pytest.mark.parametrize(
    "text",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"junk\r\n\r\n",
        b"GET\r\n\r\n",
        b"POST /ws HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi",
        b"GET /ws HTTP/1.0\r\n\r\n",
        b"GET /ws HTTP/1.1\r\nno colon here\r\n\r\n",
        b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n\r\n",
        b"GET /ws HTTP/1.1\r\n" + b"x: y\r\n" * 1000 + b"\r\n",
        b"\r\n" * 10,
        b"\x00" * 100,
    ],
    ids=["tls", "junk", "short", "post", "http-1.0", "colon", "long", "many", "blank", "zeros"],
)
async def test_server_survives_what_is_no_request(
    text: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """Requests of other protocols or of no protocol are cut off, without a traceback."""
    async with serving(limits=Limits(init_seconds=1.0)) as server:
        reader, writer = await dial(server)
        writer.write(text)
        answer = await asyncio.wait_for(reader.read(), 10)
        writer.close()
        assert b"Traceback" not in answer
        assert b"101" not in answer.partition(b"\r\n")[0]
        assert await accepts(server, **authorization())
    assert "Traceback" not in caplog.text
    assert not [record for record in caplog.records if record.exc_info]


async def test_server_cuts_off_a_client_that_never_finishes_its_request() -> None:
    """A connection that sends no whole request holds a socket for `init_seconds` at most."""
    async with serving(limits=Limits(init_seconds=0.2)) as server:
        reader, writer = await dial(server)
        writer.write(b"GET /ws HTTP/1.1\r\nHost:")
        with contextlib.suppress(ConnectionResetError):
            assert await asyncio.wait_for(reader.read(), 5) == b""
        writer.close()


@pytest.mark.parametrize("version", ["12", "0", "x"])
async def test_server_refuses_other_websocket_versions(version: str) -> None:
    """An upgrade to another version of the protocol is a client error, not a conversation."""
    async with serving() as server:
        headers = upgrade_headers(**authorization()) | {"Sec-WebSocket-Version": version}
        status, _, body = await request(server, headers=headers)
        assert 400 <= status < 500
        assert "Traceback" not in body


async def upgrade(server: SpeechEngineServer, **changed: str | None) -> int:
    """Ask for a WebSocket with some headers changed or, with None, left out; return the status."""
    headers: dict[str, str | None] = {
        "Host": "localhost",
        **upgrade_headers(**authorization()),
        **{name.replace("_", "-"): value for name, value in changed.items()},
    }
    lines = [f"{name}: {value}" for name, value in headers.items() if value is not None]
    reader, writer = await dial(server)
    try:
        writer.write("\r\n".join(["GET /ws HTTP/1.1", *lines, "\r\n"]).encode())
        answer = await asyncio.wait_for(reader.readuntil(b"\r\n"), 10)
        return int(answer.split()[1])
    finally:
        writer.close()


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"Connection": "keep-alive, Upgrade"},
        {"Connection": "upgrade"},
        {"Upgrade": "WebSocket"},
        {"Sec_WebSocket_Protocol": "convai, other"},
        {"Sec_WebSocket_Extensions": "permessage-deflate; client_max_window_bits"},
        {"Origin": "https://elevenlabs.io"},
        {"X_Umlaut": "grüß"},
        {"X_Long": "x" * 4000},
        {"X_Spaces": "  a  b  "},
        {"Host": None},
    ],
)
async def test_server_accepts_an_upgrade_however_it_is_written(changed: dict[str, Any]) -> None:
    """Case, order and additions that clients and proxies are free to use do not matter."""
    async with serving() as server:
        assert await upgrade(server, **changed) == 101


@pytest.mark.parametrize(
    "changed",
    [
        {"Connection": None},
        {"Connection": "close"},
        {"Upgrade": None},
        {"Upgrade": "h2c"},
        {"Sec_WebSocket_Key": None},
        {"Sec_WebSocket_Key": "short"},
        {"Sec_WebSocket_Key": "!" * 24},
        {"Sec_WebSocket_Version": None},
    ],
)
async def test_server_refuses_an_upgrade_that_is_incomplete(changed: dict[str, Any]) -> None:
    """What is no WebSocket handshake by RFC 6455 is a client error, and no conversation."""
    async with serving() as server:
        assert 400 <= await upgrade(server, **changed) < 500
        assert server.conversations == 0


async def test_server_answers_an_upgrade_without_the_subprotocols_it_was_offered() -> None:
    """None of the offered subprotocols is chosen, which any client may accept."""
    async with (
        serving() as server,
        connect(
            url_of(server),
            additional_headers=authorization(),
            subprotocols=[Subprotocol("convai")],
            proxy=None,
        ) as client,
    ):
        assert client.subprotocol is None


async def test_server_declines_compression() -> None:
    """Compression, which costs more than it saves on such short frames, is never agreed to."""
    async with (
        serving() as server,
        connect(
            url_of(server),
            additional_headers=authorization(),
            compression="deflate",
            proxy=None,
        ) as client,
    ):
        assert client.response is not None
        assert "Sec-WebSocket-Extensions" not in client.response.headers
        await client.send('{"type":"ping"}')
        assert await client.recv() == '{"type":"pong"}'


async def test_server_takes_a_request_in_pieces_with_frames_behind_it() -> None:
    """A request in single bytes, with frames in its last segment, opens a conversation."""
    async with serving() as server:
        reader, writer = await dial(server)
        head = upgrade_headers(Host="localhost", **authorization())
        lines = ["GET /ws HTTP/1.1", *(f"{name}: {value}" for name, value in head.items())]
        text = ("\r\n".join(lines) + "\r\n\r\n").encode()
        for index in range(len(text) - 1):
            writer.write(text[index : index + 1])
            await writer.drain()
        writer.write(text[-1:] + encode({"type": "ping"}) + encode({"type": "ping"}))
        await reader.readuntil(b"\r\n\r\n")
        client = RawClient(reader, writer)
        client.start_reading()
        await until(lambda: client.sent == [{"type": "pong"}] * 2)
        await client.close()


async def test_server_whose_keys_cannot_be_had_answers_503() -> None:
    """A key callable that fails refuses the caller at once, and the server goes on."""

    def fail() -> str:
        raise KeyError("the store is away")

    async with serving(api_key=fail) as server:
        assert await refusal(server, **{HEADER: sign_token()}) == (503, "try again\n")
        assert (await request(server, "/healthz"))[0] == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
async def test_server_health_routes_answer_get_and_head_only(path: str) -> None:
    """Other methods on the health routes are 405."""
    async with serving() as server:
        assert (await request(server, path, method="POST"))[0] == 405
