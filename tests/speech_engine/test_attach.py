"""Conversations on a route of an application that is somebody else's: FastAPI and Starlette."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI, WebSocket
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from speech_engine import (
    ConversationMessage,
    Limits,
    SpeechEngineResource,
    SpeechEngineSession,
)
from tests.fakes.sockets import CLOSE_FRAME, PING, PONG, chunk, final, init, transcript, until
from tests.fakes.tokens import API_KEY, OTHER_API_KEY, authorization

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from websockets.asyncio.client import ClientConnection


async def echo(messages: list[ConversationMessage], session: SpeechEngineSession) -> None:
    await session.send_response(messages[-1].content)


def make_fastapi() -> FastAPI:
    app = FastAPI()

    @app.get("/hello")
    def hello() -> str:
        return "hello"

    return app


def make_starlette() -> Starlette:
    def hello(_: Any) -> PlainTextResponse:
        return PlainTextResponse('"hello"')

    return Starlette(routes=[Route("/hello", hello)])


APPS = pytest.mark.parametrize("make_app", [make_fastapi, make_starlette])


@pytest.fixture
def engine() -> SpeechEngineResource:
    return SpeechEngineResource("seng_1", api_key=API_KEY)


@asynccontextmanager
async def running(app: Any) -> AsyncIterator[int]:
    """Run `app` under uvicorn on a free port."""
    config = uvicorn.Config(app, port=0, log_level="critical", ws="websockets-sansio")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await asyncio.wait_for(task, 10)


def dial(port: int, path: str = "/ws", **headers: str) -> connect:
    return connect(f"ws://127.0.0.1:{port}{path}", additional_headers=headers, proxy=None)


async def say(client: ClientConnection, *frames: dict[str, Any]) -> None:
    for frame in frames:
        await client.send(json.dumps(frame))


async def hear(client: ClientConnection) -> Any:
    return json.loads(await asyncio.wait_for(client.recv(), 10))


async def get_hello(port: int) -> Any:
    async with httpx.AsyncClient(trust_env=False) as client:
        return (await client.get(f"http://127.0.0.1:{port}/hello")).json()


async def status_of(port: int, path: str = "/ws", **headers: str) -> int:
    """Return the status with which an upgrade is refused, or 101."""
    try:
        async with dial(port, path, **headers):
            return 101
    except InvalidStatus as refusal:
        return refusal.response.status_code


@APPS
async def test_attached_route_holds_conversations(
    make_app: Any, engine: SpeechEngineResource
) -> None:
    """A route of the application holds whole conversations; its other routes work as before."""
    app = make_app()
    events: list[Any] = []
    engine.attach(
        app,
        "/ws",
        on_init=lambda conversation_id, _: events.append(conversation_id),
        on_transcript=echo,
        on_close=lambda _: events.append("close"),
    )
    async with running(app) as port:
        async with dial(port, "/ws?x=1", **authorization()) as client:
            await say(client, init("conv_3"), transcript(1, "hi"))
            assert [await hear(client), await hear(client)] == [chunk("hi", 1), final(1)]
            await client.send(b"\x00\xff")
            await client.send(json.dumps(PING).encode())
            assert await hear(client) == PONG
            assert await get_hello(port) == "hello"
            await say(client, CLOSE_FRAME)
            with pytest.raises(ConnectionClosed):
                await hear(client)
            assert client.close_code == 1000
        await until(lambda: "close" in events)
        assert events == ["conv_3", "close"]


@APPS
async def test_attached_route_checks_tokens(make_app: Any, engine: SpeechEngineResource) -> None:
    """Without a good token there is no conversation, but a 401 or 403."""
    app = make_app()
    engine.attach(app, "/ws", on_transcript=echo)
    async with running(app) as port:
        assert await status_of(port) in {401, 403}
        assert await status_of(port, **authorization(OTHER_API_KEY)) in {401, 403}
        assert await status_of(port, **authorization()) == 101


async def test_attached_route_requires_its_extra_header(engine: SpeechEngineResource) -> None:
    """The required header counts on an attached route, too."""
    app = make_fastapi()
    engine.attach(app, "/ws", on_transcript=echo, required_header=("X-Env", "s3cret"))
    async with running(app) as port:
        assert await status_of(port, **authorization()) in {401, 403}
        assert await status_of(port, **authorization(), **{"X-Env": "s3cret"}) == 101


async def test_attached_route_has_its_limits(engine: SpeechEngineResource) -> None:
    """Beyond `max_conversations` an upgrade is put off."""
    app = make_fastapi()
    attachment = engine.attach(app, "/ws", on_transcript=echo, limits=Limits(max_conversations=1))
    async with running(app) as port:
        async with dial(port, **authorization()) as client:
            await say(client, PING)
            await hear(client)
            assert await status_of(port, **authorization()) in {403, 503}
        await until(lambda: attachment.conversations == 0)
        assert await status_of(port, **authorization()) == 101


async def test_attached_route_with_auth_disabled_warns(engine: SpeechEngineResource) -> None:
    """`disable_auth` opens the route to anybody, and warns of it."""
    app = make_fastapi()
    with pytest.warns(UserWarning, match="authentication is disabled"):
        engine.attach(app, "/ws", disable_auth=True, on_transcript=echo)
    async with running(app) as port:
        assert await status_of(port) == 101


@APPS
async def test_attachment_close_leaves_the_application_alone(
    make_app: Any, engine: SpeechEngineResource
) -> None:
    """After `close` the route is gone, its conversations are over, and the application goes on."""
    app = make_app()
    codes: list[int | None] = []
    attachment = engine.attach(
        app,
        "/ws",
        on_transcript=echo,
        on_disconnect=lambda session: codes.append(session.close_code),
    )
    async with running(app) as port:
        async with dial(port, **authorization()) as client:
            await say(client, init(), PING)
            await hear(client)
            attachment.close()
            attachment.close()
            with pytest.raises(ConnectionClosed):
                await hear(client)
            assert client.close_code == 1001
        assert codes == [1001]
        assert await status_of(port, **authorization()) in {403, 404}
        assert await get_hello(port) == "hello"


async def test_attachment_close_leaves_other_attachments_alone(
    engine: SpeechEngineResource,
) -> None:
    """Two routes of one application are attached and closed independently."""
    app = make_fastapi()
    first = engine.attach(app, "/one", on_transcript=echo)
    engine.attach(app, "/two", on_transcript=echo)
    async with running(app) as port:
        async with dial(port, "/two", **authorization()) as client:
            await say(client, PING)
            assert await hear(client) == PONG
            first.close()
            await say(client, transcript(1, "hi"))
            assert await hear(client) == chunk("hi", 1)
        assert await status_of(port, "/one", **authorization()) in {403, 404}


async def test_attached_route_can_be_added_while_the_application_runs(
    engine: SpeechEngineResource,
) -> None:
    """Attaching needs no restart."""
    app = make_fastapi()
    async with running(app) as port:
        assert await status_of(port, **authorization()) in {403, 404}
        attachment = engine.attach(app, "/ws", on_transcript=echo)
        assert await status_of(port, **authorization()) == 101
        attachment.close()
        engine.attach(app, "/ws", on_transcript=echo)
        assert await status_of(port, **authorization()) == 101


async def test_attached_session_shows_the_upgrade_headers(engine: SpeechEngineResource) -> None:
    """`request_headers` is there on an attached route, without the token."""
    seen: list[dict[str, str]] = []
    app = make_fastapi()
    engine.attach(app, "/ws", on_init=lambda _, session: seen.append(dict(session.request_headers)))
    async with (
        running(app) as port,
        dial(port, **authorization(), **{"X-Engine-Id": "seng_1"}) as client,
    ):
        await say(client, init())
        await until(lambda: seen)
    found = {name.lower(): value for name, value in seen[0].items()}
    assert found["x-engine-id"] == "seng_1"
    assert "x-elevenlabs-speech-engine-authorization" not in found


def test_attach_without_a_key_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing key is an error where the engine is attached."""
    monkeypatch.delenv("ELEVENLABS_API_KEY", raising=False)
    with pytest.raises(RuntimeError, match="API key"):
        SpeechEngineResource("seng_1").attach(make_fastapi(), "/ws", on_transcript=echo)


def test_attach_to_something_else_raises(engine: SpeechEngineResource) -> None:
    """An object that is no application is a TypeError."""
    with pytest.raises(TypeError, match="FastAPI or Starlette"):
        engine.attach(object(), "/ws", on_transcript=echo)


def make_manual_fastapi(engine: SpeechEngineResource, codes: list[int | None]) -> FastAPI:
    """Return an application in the documented manual style: verify, accept, create, run."""
    app = FastAPI()

    @app.websocket("/ws")
    async def handle(websocket: WebSocket) -> None:
        if not engine.verify_request(websocket.headers):
            await websocket.close(1008)
            return
        await websocket.accept()
        session = engine.create_session(websocket)

        async def on_transcript(messages: list[ConversationMessage]) -> None:
            await echo(messages, session)

        session.on("user_transcript", on_transcript)
        session.on("disconnected", lambda: codes.append(session.close_code))
        await session.run()

    return app


async def test_websocket_of_fastapi_can_be_wrapped_by_hand(engine: SpeechEngineResource) -> None:
    """The official SDK's manual integration works: verify_request, create_session, run."""
    codes: list[int | None] = []
    async with running(make_manual_fastapi(engine, codes)) as port:
        assert await status_of(port) == 403
        async with dial(port, **authorization()) as client:
            await say(client, init(), transcript(1, "hi"))
            assert [await hear(client), await hear(client)] == [chunk("hi", 1), final(1)]
            await client.send(b"\xff\x00")
            await say(client, PING)
            assert await hear(client) == PONG
            await client.close(4001)
        await until(lambda: codes)
        assert codes == [4001]


async def test_websocket_of_starlette_is_closed_by_the_session(
    engine: SpeechEngineResource,
) -> None:
    """A close frame of the platform ends a wrapped Starlette socket in good order."""

    async def handle(websocket: WebSocket) -> None:
        await websocket.accept()
        await engine.create_session(websocket).run()

    app = Starlette(routes=[WebSocketRoute("/ws", handle)])
    async with running(app) as port, dial(port) as client:
        await say(client, init(), CLOSE_FRAME)
        with pytest.raises(ConnectionClosed):
            await hear(client)
        assert client.close_code == 1000


@pytest.mark.parametrize("spelling", [str, str.lower, str.upper])
def test_verify_request_finds_the_header_in_any_case(
    spelling: Any, engine: SpeechEngineResource
) -> None:
    """Plain dictionaries work with the header in any spelling, its value alone or in a list."""
    ((name, token),) = authorization().items()
    assert engine.verify_request({spelling(name): token})
    assert engine.verify_request({spelling(name): [token]})


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-elevenlabs-speech-engine-authorization": ""},
        {"x-elevenlabs-speech-engine-authorization": []},
        {"x-elevenlabs-speech-engine-authorization": "junk"},
        authorization(OTHER_API_KEY),
    ],
)
def test_verify_request_refuses_everything_else(
    headers: dict[str, Any], engine: SpeechEngineResource
) -> None:
    """Missing, empty and bad tokens are False, not errors."""
    assert engine.verify_request(headers) is False


def test_verify_request_without_a_key_is_false(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a key nothing can be verified."""
    monkeypatch.delenv("ELEVENLABS_API_KEY", raising=False)
    assert SpeechEngineResource("seng_1").verify_request(authorization()) is False
