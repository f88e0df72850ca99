from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

import pytest

from local.cloud.engine import Engine, find_engine

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def docker(tmp_path: Path) -> Callable[[str], dict[str, str]]:
    """Make a Docker client out of a shell script that can note things in `$NOTES`."""

    def make(script: str) -> dict[str, str]:
        client = tmp_path / "docker"
        client.write_text(f"#!/bin/sh\nNOTES={tmp_path}/notes\n{script}\n")
        client.chmod(0o755)
        return {"CLOUD_DOCKER": str(client), "DOCKER_HOST": "unix:///engine.sock"}

    return make


async def test_engine_of_this_machine_is_found(docker: Callable[[str], dict[str, str]]) -> None:
    """An engine whose bridge has an address of this machine can run tasks."""
    engine = await find_engine(docker("echo 127.0.0.1"))
    assert isinstance(engine, Engine)
    assert engine.variables["DOCKER_HOST"] == "unix:///engine.sock"


async def test_engine_elsewhere_is_not_used(docker: Callable[[str], dict[str, str]]) -> None:
    """Containers on another machine could not reach the emulator on loopback."""
    assert await find_engine(docker("echo 192.0.2.1")) == (
        "the Docker engine runs on another machine"
    )


@pytest.mark.parametrize("script", ["exit 1", "echo"])
async def test_engine_that_does_not_answer_is_not_used(
    docker: Callable[[str], dict[str, str]], script: str
) -> None:
    """A client alone is no engine."""
    assert isinstance(await find_engine(docker(script)), str)


async def test_missing_client_is_no_engine(tmp_path: Path) -> None:
    """Nobody needs Docker: its absence is a reason, not an error."""
    assert await find_engine({"CLOUD_DOCKER": str(tmp_path / "none")}) == (
        "no Docker engine answers"
    )


async def test_engine_relays_its_containers_to_loopback(
    docker: Callable[[str], dict[str, str]],
) -> None:
    """What a container says at the bridge's address arrives at the port on loopback."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readexactly(5))
        await writer.drain()
        writer.close()

    engine = await find_engine(docker("echo 127.0.0.1"))
    assert isinstance(engine, Engine)
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with server:
        address = await engine.relay(server.sockets[0].getsockname()[1])
        reader, writer = await asyncio.open_connection("127.0.0.1", int(address.split(":")[-1]))
        writer.write(b"hello")
        assert await reader.read() == b"hello"
        writer.close()
    await engine.close(owner="me", registry="here")


async def test_engine_relay_hangs_up_when_nothing_answers(
    docker: Callable[[str], dict[str, str]],
) -> None:
    """A container whose emulator is gone is told at once, not left waiting."""
    engine = await find_engine(docker("echo 127.0.0.1"))
    assert isinstance(engine, Engine)
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    address = await engine.relay(port)
    reader, writer = await asyncio.open_connection("127.0.0.1", int(address.split(":")[-1]))
    async with asyncio.timeout(5):
        assert await reader.read() == b""
    writer.close()
    await engine.close(owner="me", registry="here")


async def test_engine_is_left_without_this_runs_things(
    docker: Callable[[str], dict[str, str]], tmp_path: Path
) -> None:
    """Containers of this run's emulator and images of its registry are removed, no others."""
    script = """
case "$1 $2" in
"network "*) echo 127.0.0.1 ;;
"ps "*) echo "$@" >>$NOTES; echo c1; echo c2 ;;
"image ls") echo "$@" >>$NOTES; echo i1; echo i1 ;;
*) echo "$@" >>$NOTES ;;
esac"""
    engine = await find_engine(docker(script))
    assert isinstance(engine, Engine)
    await engine.close(owner="127.0.0.1:4566", registry="127.0.0.1:4566")
    assert (tmp_path / "notes").read_text().splitlines() == [
        "ps --all --filter label=ministack.instance=127.0.0.1:4566 --quiet",
        "rm --force --volumes c1 c2",
        "image ls --filter reference=127.0.0.1:4566/* --quiet",
        "image rm --force i1",
    ]
