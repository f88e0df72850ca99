"""Start, stop, drain and the conversations of a server, over real sockets with a real client."""

from __future__ import annotations

import asyncio
import inspect
import json
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import serve as serve_websockets
from websockets.exceptions import ConnectionClosed

from speech_engine import (
    ConversationMessage,
    Limits,
    SpeechEngineResource,
    SpeechEngineServer,
    SpeechEngineSession,
)
from tests.fakes.sockets import (
    CLOSE_FRAME,
    PING,
    PONG,
    MockSocket,
    chunk,
    conversation,
    final,
    init,
    port_of,
    raw_client,
    request,
    serving,
    transcript,
    until,
)
from tests.fakes.tokens import API_KEY, HEADER, authorization

CONTAINER = Path(__file__).parents[2] / "container"


def dial(server: SpeechEngineServer, path: str = "/ws", **headers: str) -> connect:
    return connect(
        f"ws://127.0.0.1:{port_of(server)}{path}",
        additional_headers={**authorization(), **headers},
        proxy=None,
    )


async def dial_until_it_listens(url: str) -> ClientConnection:
    async with asyncio.timeout(10):
        while True:
            try:
                return await connect(url, additional_headers=authorization(), proxy=None)
            except ConnectionRefusedError:
                await asyncio.sleep(0.01)


async def say(client: ClientConnection, *frames: dict[str, Any]) -> None:
    for frame in frames:
        await client.send(json.dumps(frame))


async def hear(client: ClientConnection) -> Any:
    return json.loads(await asyncio.wait_for(client.recv(), 10))


async def echo(messages: list[ConversationMessage], session: SpeechEngineSession) -> None:
    await session.send_response(messages[-1].content)


async def test_server_holds_a_conversation() -> None:
    """A real client gets its answers and pongs, and a clean close at the end."""
    events: list[Any] = []
    async with serving(
        path="/ws",
        on_init=lambda conversation_id, _: events.append(conversation_id),
        on_transcript=echo,
        on_close=lambda _: events.append("close"),
        on_disconnect=lambda _: events.append("disconnect"),
    ) as server:
        async with dial(server) as client:
            await say(client, init("conv_1"), transcript(1, "hi"), PING)
            heard = [await hear(client) for _ in range(3)]
            assert sorted(heard, key=str) == sorted([chunk("hi", 1), final(1), PONG], key=str)
            assert server.conversations == 1
            await say(client, CLOSE_FRAME)
            with pytest.raises(ConnectionClosed):
                await hear(client)
            assert client.close_code == 1000
        await until(lambda: server.conversations == 0)
        assert events == ["conv_1", "close"]


async def test_server_keeps_conversations_apart() -> None:
    """Many clients at once each get their own answers."""

    async def talk(server: SpeechEngineServer, number: int) -> None:
        async with dial(server) as client:
            await say(client, init(f"conv_{number}"))
            for event_id in range(1, 6):
                text = f"{number}/{event_id}"
                await say(client, transcript(event_id, text))
                assert await hear(client) == chunk(text, event_id)
                assert await hear(client) == final(event_id)

    async with serving(on_transcript=echo) as server:
        await asyncio.gather(*(talk(server, number) for number in range(20)))


async def test_server_sockets_are_those_of_asyncio() -> None:
    """`sockets` shows the listening sockets while the server runs, and none otherwise."""
    server = SpeechEngineServer(port=0, api_key=API_KEY)
    before = server.sockets
    await server.start()
    assert isinstance(server.sockets, tuple)
    assert server.sockets[0].getsockname()[0] == "127.0.0.1"
    assert port_of(server) > 0
    await server.stop()
    assert before == server.sockets == ()


def test_server_listens_on_loopback_unless_told_otherwise() -> None:
    """The default address is not reachable from other machines."""
    for function in (SpeechEngineServer.__init__, SpeechEngineResource.serve):
        assert inspect.signature(function).parameters["host"].default == "127.0.0.1"
    assert inspect.signature(SpeechEngineServer.__init__).parameters["port"].default == 3001


async def test_server_that_runs_cannot_be_started_again() -> None:
    """A second `start` or `serve` says that the server is started, and hurts nothing."""
    async with serving(on_transcript=echo) as server:
        for again in (server.start, server.serve):
            with pytest.raises(RuntimeError, match="already started"):
                await asyncio.wait_for(again(), 5)
        async with dial(server) as client:
            await say(client, PING)
            assert await hear(client) == PONG


async def test_server_that_was_stopped_can_be_started_again() -> None:
    """After `stop` the same server starts and serves anew."""
    server = SpeechEngineServer(port=0, api_key=API_KEY, on_transcript=echo)
    for _ in range(2):
        await server.start()
        assert (await request(server, "/readyz"))[0] == 200
        async with dial(server) as client:
            await say(client, PING)
            assert await hear(client) == PONG
        await server.stop()


async def test_server_that_was_not_started_can_be_stopped() -> None:
    """`stop` before `start`, and twice, does nothing."""
    server = SpeechEngineServer(port=0, api_key=API_KEY)
    await server.stop()
    await server.start()
    await server.stop()
    await server.stop()


async def test_server_port_in_use_is_an_error() -> None:
    """A taken port is an OSError, and the server can be started once the port is free."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        server = SpeechEngineServer(port=port, api_key=API_KEY)
        with pytest.raises(OSError, match=r"(?i)in use"):
            await server.start()
        assert len(server.sockets) == 0
    await server.start()
    await server.stop()


async def test_server_serve_waits_until_it_is_stopped() -> None:
    """`serve` listens and returns when another task stops the server."""
    server = SpeechEngineServer(port=0, api_key=API_KEY)
    serving_task = asyncio.create_task(server.serve())
    await until(lambda: server.sockets)
    assert (await request(server, "/readyz"))[0] == 200
    assert not serving_task.done()
    await server.stop()
    await asyncio.wait_for(serving_task, 5)


async def test_server_serve_that_is_cancelled_stops() -> None:
    """Cancelling `serve`, as Ctrl-C does, closes the sockets."""
    server = SpeechEngineServer(port=0, api_key=API_KEY)
    serving_task = asyncio.create_task(server.serve())
    await until(lambda: server.sockets)
    serving_task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving_task
    assert len(server.sockets) == 0


async def test_resource_serves_with_its_own_key() -> None:
    """`engine.serve` runs a server with the engine's key, path and handlers until cancelled."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    engine = SpeechEngineResource("seng_1", api_key=API_KEY)
    serving_task = asyncio.create_task(
        engine.serve(port=port, path="/ws", debug=False, on_transcript=echo)
    )
    client = await dial_until_it_listens(f"ws://127.0.0.1:{port}/ws")
    await say(client, init(), transcript(1, "hi"))
    assert await hear(client) == chunk("hi", 1)
    await client.close()
    serving_task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving_task


async def test_stop_closes_live_conversations_as_going_away() -> None:
    """Without a grace period live sockets are closed with 1001, and on_disconnect sees it."""
    codes: list[int | None] = []
    async with serving(on_disconnect=lambda session: codes.append(session.close_code)) as server:
        async with dial(server) as client:
            await say(client, init(), PING)
            await hear(client)
            await asyncio.wait_for(server.stop(), 10)
            with pytest.raises(ConnectionClosed):
                await hear(client)
            assert client.close_code == 1001
        assert codes == [1001]


async def test_stop_with_grace_lets_conversations_end() -> None:
    """During the grace period live conversations go on, new ones are refused, and it ends early."""
    async with serving(on_transcript=echo) as server:
        async with dial(server) as client:
            await say(client, init())
            stopping = asyncio.create_task(server.stop(grace_seconds=30))
            await asyncio.sleep(0)
            assert (await request(server, "/readyz"))[0] == 503
            assert (await request(server, "/healthz"))[0] == 200
            await say(client, transcript(1, "still here"))
            assert await hear(client) == chunk("still here", 1)
            assert await hear(client) == final(1)
            await say(client, CLOSE_FRAME)
            with pytest.raises(ConnectionClosed):
                await hear(client)
            assert client.close_code == 1000
        await asyncio.wait_for(stopping, 5)
        assert len(server.sockets) == 0


async def test_stop_ends_the_grace_when_it_is_over() -> None:
    """Conversations that outlast the grace period are closed with 1001."""
    async with serving() as server, dial(server) as client:
        await say(client, init())
        start = time.monotonic()
        await asyncio.wait_for(server.stop(grace_seconds=0.2), 5)
        assert time.monotonic() - start >= 0.2
        with pytest.raises(ConnectionClosed):
            await hear(client)
        assert client.close_code == 1001


async def test_stop_does_not_wait_for_a_handler_that_refuses_to_die() -> None:
    """A handler that suppresses cancellation cannot hang the shutdown."""
    release = asyncio.Event()
    started = asyncio.Event()

    async def refuse(*_: Any) -> None:
        started.set()
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    async with serving(on_transcript=refuse) as server, raw_client(server) as client:
        await client.send(init(), transcript(1))
        await asyncio.wait_for(started.wait(), 5)
        await asyncio.wait_for(server.stop(), 9)
        assert len(server.sockets) == 0
        release.set()


async def test_stop_does_not_wait_for_a_client_that_is_silent() -> None:
    """Connections in their handshake, and peers that answer nothing, end with the server."""
    async with serving() as server, raw_client(server) as client:
        reader, writer = await asyncio.open_connection("127.0.0.1", port_of(server))
        writer.write(b"GET /ws")
        await client.send(init())
        await asyncio.wait_for(server.stop(), 9)
        try:
            assert await asyncio.wait_for(reader.read(), 5) == b""
        except ConnectionResetError:
            pass
        finally:
            writer.close()


async def test_stop_cancels_running_turns() -> None:
    """A running handler is cancelled when the server stops."""
    cancelled = asyncio.Event()
    started = asyncio.Event()

    async def hang(*_: Any) -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    async with serving(on_transcript=hang) as server, dial(server) as client:
        await say(client, init(), transcript(1))
        await asyncio.wait_for(started.wait(), 5)
        await server.stop()
        assert cancelled.is_set()


def test_process_with_a_blocked_thread_exits() -> None:
    """A sync handler that never returns does not keep the stopped process alive."""
    code = f"""
import asyncio, json, sys, threading
from speech_engine import SpeechEngineServer
from websockets.asyncio.client import connect

started = threading.Event()

def on_transcript(messages, session):
    started.set()
    threading.Event().wait()

async def main():
    server = SpeechEngineServer(port=0, disable_auth=True, on_transcript=on_transcript)
    await server.start()
    port = server.sockets[0].getsockname()[1]
    async with connect(f"ws://127.0.0.1:{{port}}/", proxy=None) as client:
        await client.send(json.dumps({init()!r}))
        await client.send(json.dumps({transcript(1)!r}))
        while not started.is_set():
            await asyncio.sleep(0.01)
        await server.stop()
    print("stopped")

asyncio.run(main())
"""
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        env={"PYTHONPATH": str(CONTAINER)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "stopped\n", "")


async def test_request_headers_are_those_of_the_upgrade_without_secrets() -> None:
    """A session shows its upgrade's headers but no token, secret, cookie or key."""
    seen: list[Any] = []
    async with serving(
        required_header=("X-Environment-Secret", "s3cret"),
        on_init=lambda _, session: seen.append(session.request_headers),
    ) as server:
        headers = {
            "X-Engine-Id": "seng_1",
            "X-Environment-Secret": "s3cret",
            "Cookie": "a=b",
            "Authorization": "Basic abc",
            "xi-api-key": API_KEY,
        }
        async with dial(server, **headers) as client:
            await say(client, init())
            await until(lambda: seen)
    found = {name.lower(): value for name, value in seen[0].items()}
    assert found["x-engine-id"] == "seng_1"
    assert not {
        HEADER.lower(),
        "x-environment-secret",
        "cookie",
        "authorization",
        "xi-api-key",
    } & set(found)
    assert "s3cret" not in str(found)


def test_request_headers_are_marked_untrusted() -> None:
    """The documentation of `request_headers` says that anybody could have set them."""
    documentation = SpeechEngineSession.request_headers.__doc__ or ""
    assert "untrusted" in documentation.lower()


async def test_request_headers_of_a_bare_socket_are_empty() -> None:
    """Where nobody knows the upgrade request, there are no headers, and no error."""
    async with conversation() as (_, session):
        assert dict(session.request_headers) == {}


async def test_request_headers_cannot_be_changed() -> None:
    """Agents read the headers; what one writes would mislead the next."""
    seen: list[Any] = []
    async with (
        serving(on_init=lambda _, session: seen.append(session)) as server,
        dial(server, **{"X-Engine-Id": "seng_1"}) as client,
    ):
        await say(client, init())
        await until(lambda: seen)
        before = dict(seen[0].request_headers)
        with pytest.raises((TypeError, AttributeError)):
            seen[0].request_headers["x-engine-id"] = "other"
        assert dict(seen[0].request_headers) == before


async def test_conversation_without_init_is_closed() -> None:
    """A client that opens a socket and says nothing is let go after `init_seconds`."""
    async with serving(limits=Limits(init_seconds=0.1)) as server, dial(server) as client:
        with pytest.raises(ConnectionClosed):
            await hear(client)
        assert client.close_code == 1008
        await until(lambda: server.conversations == 0)


async def test_conversation_that_is_idle_is_closed() -> None:
    """A conversation without frames is closed after `idle_seconds`, protocol pongs or not."""
    async with (
        serving(limits=Limits(idle_seconds=1.0, keepalive_seconds=0.2)) as server,
        dial(server) as client,
    ):
        await say(client, init(), PING)
        assert await hear(client) == PONG
        with pytest.raises(ConnectionClosed):
            await hear(client)
        await until(lambda: server.conversations == 0)


async def test_websockets_connection_can_be_wrapped() -> None:
    """A connection that the `websockets` library accepted works with `handle_connection`."""
    server = SpeechEngineServer(api_key=API_KEY, on_transcript=echo)
    codes: list[int | None] = []

    async def handle(connection: Any) -> None:
        session = server.handle_connection(connection)
        session.on("disconnected", lambda: codes.append(session.close_code))
        await session.run()

    async with serve_websockets(handle, "127.0.0.1", 0) as outer:
        port = outer.sockets[0].getsockname()[1]
        async with connect(f"ws://127.0.0.1:{port}", proxy=None) as client:
            await say(client, init(), transcript(1, "hi"))
            assert [await hear(client), await hear(client)] == [chunk("hi", 1), final(1)]
            await client.send(b"\x00\xff")
            await client.send(json.dumps(PING).encode())
            assert await hear(client) == PONG
            await client.close(4000)
        await until(lambda: codes)
        assert codes == [4000]


async def test_websockets_connection_is_closed_by_the_session() -> None:
    """A close frame of the platform ends a wrapped `websockets` connection in good order."""
    server = SpeechEngineServer(api_key=API_KEY)
    ended = asyncio.Event()

    async def handle(connection: Any) -> None:
        await server.handle_connection(connection).run()
        ended.set()

    async with serve_websockets(handle, "127.0.0.1", 0) as outer:
        port = outer.sockets[0].getsockname()[1]
        async with connect(f"ws://127.0.0.1:{port}", proxy=None) as client:
            await say(client, init(), CLOSE_FRAME)
            with pytest.raises(ConnectionClosed):
                await hear(client)
            assert client.close_code == 1000
        await asyncio.wait_for(ended.wait(), 5)


async def test_server_leaves_no_tasks_behind() -> None:
    """After `stop` none of the server's tasks is left."""
    before = asyncio.all_tasks()
    async with serving(on_transcript=echo) as server, dial(server) as client:
        await say(client, init(), transcript(1, "hi"))
        await hear(client)
    await until(lambda: asyncio.all_tasks() == before)


async def test_server_that_is_being_started_cannot_be_started_again() -> None:
    """Of two starts at once one is refused, and no listening socket is left behind."""
    server = SpeechEngineServer(port=0, api_key=API_KEY)
    results = await asyncio.gather(server.start(), server.start(), return_exceptions=True)
    assert [str(result) for result in results] == ["None", "already started"]
    await server.stop()
    assert server.sockets == ()


async def test_stop_leaves_sessions_on_other_sockets_alone() -> None:
    """A session around somebody else's socket goes on when the server stops."""
    mock = MockSocket(init())
    async with serving() as server:
        session = server.handle_connection(mock)
        running = asyncio.create_task(session.run())
        await until(lambda: session.conversation_id)
    assert session.is_open
    mock.cut()
    await asyncio.wait_for(running, 5)
