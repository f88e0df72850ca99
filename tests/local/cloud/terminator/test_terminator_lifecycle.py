from __future__ import annotations

import asyncio
import itertools
import socket
import tempfile
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from local.cloud.terminator import Listener, LoadBalancer, Target, TerminatorError, reserve_port
from local.dev.ports import HOST, reserved_port
from tests.fakes.load_balancers import (
    HTTP,
    HTTPS,
    KINDS,
    NOT_FOUND,
    Front,
    ask,
    balance,
    echo_target,
    make_terminator,
    serve_front,
)

HTTP_ONLY = LoadBalancer(
    listeners=(Listener(port=HTTP, protocol="HTTP", default=NOT_FOUND),), groups={}
)


@pytest.mark.parametrize("kind", KINDS)
async def test_reload_keeps_open_sockets_and_moves_new_ones(kind: str, tmp_path: Path) -> None:
    """An open socket stays with its target, whatever is opened after a reload goes to the new."""
    async with (
        echo_target("a") as a,
        echo_target("b") as b,
        serve_front(kind, balance(a.target), tmp_path) as front,
        front.connect() as before,
    ):
        assert await ask(before, "1") == "a: '1'"
        for target, name in ((b.target, "b"), (a.target, "a"), (b.target, "b")):
            await front.reload(balance(target))
            assert [(await front.get("/")).text for _ in range(3)] == [name] * 3
        async with front.connect() as after:
            assert await ask(after, "2") == "b: '2'"
        assert await ask(before, "3") == "a: '3'"


@pytest.mark.parametrize("kind", KINDS)
async def test_reload_refuses_nobody(kind: str, tmp_path: Path) -> None:
    """Clients that knock all the time notice nothing of reloads."""
    async with echo_target("a") as a, serve_front(kind, balance(a.target), tmp_path) as front:
        knocking = asyncio.create_task(knock(front))
        for _ in range(3):
            await front.reload(balance(a.target))
        answers = await knocking
    assert set(answers) == {"a"}


async def knock(front: Front, clients: int = 2, requests: int = 15) -> list[str]:
    async def one() -> list[str]:
        return [(await front.get("/")).text for _ in range(requests)]

    return list(itertools.chain(*await asyncio.gather(*(one() for _ in range(clients)))))


@pytest.mark.parametrize("kind", KINDS)
async def test_reload_adds_and_removes_listeners(kind: str, tmp_path: Path) -> None:
    """Ports that stay keep their place, new ones open, and removed ones refuse."""
    https = Listener(port=HTTPS, protocol="HTTPS", default=NOT_FOUND)
    both = LoadBalancer(listeners=(*HTTP_ONLY.listeners, https), groups={})
    async with serve_front(kind, HTTP_ONLY, tmp_path) as front:
        http_port = front.terminator.ports[HTTP]
        await front.reload(both)
        assert front.terminator.ports[HTTP] == http_port
        assert (await front.get("/")).status_code == 404
        await front.reload(LoadBalancer(listeners=(https,), groups={}))
        assert set(front.terminator.ports) == {HTTPS}
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", http_port)


@pytest.mark.parametrize("kind", KINDS)
async def test_reload_may_change_the_protocol_of_a_port(kind: str, tmp_path: Path) -> None:
    """The port stays, what is spoken there is another from then on."""
    secured = replace(HTTP_ONLY.listeners[0], protocol="HTTPS")
    async with serve_front(kind, HTTP_ONLY, tmp_path) as front:
        port = front.terminator.ports[HTTP]
        await front.reload(LoadBalancer(listeners=(secured,), groups={}))
        async with httpx.AsyncClient(verify=front.trust, trust_env=False) as client:
            assert (await client.get(f"https://localhost:{port}/")).status_code == 404


@pytest.mark.parametrize("kind", KINDS)
async def test_target_that_is_down_is_a_503_until_it_is_back(kind: str, tmp_path: Path) -> None:
    """Without a target in service clients are told so at once, and served again afterwards."""
    with reserved_port() as port:
        async with serve_front(kind, balance(Target(HOST, port)), tmp_path) as front:
            assert (await front.get("/")).status_code == 503
            async with echo_target("a", port=port):
                await front.until("/", 200)
            await front.until("/", 503)
            await front.reload(balance())
            assert (await front.get("/")).status_code == 503


@pytest.mark.parametrize("kind", KINDS)
async def test_unready_target_gets_no_new_connections(kind: str, tmp_path: Path) -> None:
    """The check's path decides who is in service; open sockets of others go on."""
    async with (
        echo_target("a") as a,
        echo_target("b") as b,
        serve_front(kind, balance(a.target), tmp_path) as front,
        front.connect() as open_socket,
    ):
        a.is_ready = False
        await front.until("/", 503)
        assert await ask(open_socket, "1") == "a: '1'"
        await front.reload(balance(a.target, b.target))
        async with asyncio.timeout(10):
            while [(await front.get("/")).text for _ in range(4)] != ["b"] * 4:
                pass


@pytest.mark.parametrize("kind", KINDS)
async def test_start_uses_the_reserved_port_on_loopback(kind: str, tmp_path: Path) -> None:
    """A port that was held stays the same and is served; nothing is bound beyond loopback."""
    reserved = reserve_port()
    address = reserved.getsockname()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(*address)
    async with serve_front(kind, HTTP_ONLY, tmp_path, reserved={HTTP: reserved}) as front:
        assert front.terminator.ports == {HTTP: address[1]}
        assert address[0] == "127.0.0.1"
        assert (await front.get("/", port=HTTP)).status_code == 404


@pytest.mark.parametrize("kind", KINDS)
async def test_stop_leaves_nothing(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Open sockets are cut, also those from before a reload; ports are free, files are gone."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    async with echo_target("a") as a:
        async with serve_front(kind, balance(a.target), tmp_path) as front:
            port = front.terminator.ports[HTTPS]
            async with front.connect() as old:
                await front.reload(balance(a.target))
                async with front.connect() as new:
                    await asyncio.to_thread(front.terminator.stop)
                    for each in (old, new):
                        with pytest.raises(ConnectionClosed):
                            async with asyncio.timeout(10):
                                await each.recv()
        assert front.terminator.ports == {}
    assert list(folder.iterdir()) == []
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)
    with socket.socket() as free:
        free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        free.bind(("127.0.0.1", port))


def test_port_that_is_taken_is_an_error() -> None:
    """Two owners of one port are told apart when it is reserved, not when it is served."""
    with reserve_port() as first:
        first.listen()
        with pytest.raises(OSError, match="in use"):
            reserve_port(first.getsockname()[1])


def test_haproxy_that_cannot_start_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HAProxy's own first complaint is the message, in one line, and nothing stays behind."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    nowhere = balance(Target("no such host", 1))
    terminator, _ = make_terminator("haproxy", nowhere, tmp_path)
    with pytest.raises(TerminatorError, match=r"^haproxy does not start: .*no such host.*$"):
        terminator.start()
    assert list(folder.iterdir()) == []
    assert terminator.ports == {}


async def test_haproxy_serves_below_a_long_temporary_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A temporary folder whose path no Unix socket could have is one as any other."""
    folder = tmp_path / ("temporary" * 20)
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    async with (
        echo_target("a") as a,
        echo_target("b") as b,
        serve_front("haproxy", balance(a.target), tmp_path) as front,
    ):
        assert (await front.get("/")).text == "a"
        assert list(folder.iterdir())
        await front.reload(balance(b.target))
        assert (await front.get("/")).text == "b"
    assert list(folder.iterdir()) == []
