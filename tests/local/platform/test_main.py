from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from local.platform.__main__ import main
from local.platform.platform import check_loopback

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import AsyncIterator

ROOT = Path(__file__).resolve().parents[3]
KEY = "sk_test_main"


@contextlib.asynccontextmanager
async def running(*arguments: str) -> AsyncIterator[Process]:
    """Run the program and end it at the end."""
    environment = {**os.environ, "ELEVENLABS_API_KEY": KEY, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "local.platform", *arguments]
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, env=environment, stdout=PIPE, stderr=PIPE
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_program_prints_one_line_with_its_address_and_serves() -> None:
    """The line names the address and the engine; the key in the environment opens it."""
    url = "ws://127.0.0.1:3001/ws"
    async with running("--engine-url", url, "--engine-id", "seng_main") as process:
        assert process.stdout is not None
        line = (await process.stdout.readline()).decode()
        address = line.split()[3].rstrip(",")
        async with httpx.AsyncClient(trust_env=False, headers={"xi-api-key": KEY}) as client:
            engine = (await client.get(f"{address}/v1/speech-engine/seng_main")).json()
        process.send_signal(signal.SIGTERM)
        out, errors = await process.communicate()
    assert line.endswith(f"engine seng_main -> {url}\n")
    assert engine["speech_engine"]["ws_url"] == url
    assert (process.returncode, out, errors) == (0, b"", b"")
    assert KEY not in line


async def test_program_reports_a_port_in_use_in_one_line() -> None:
    """A taken port is an exit status and a sentence, no traceback."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        async with running("--port", str(port)) as process:
            _, errors = await process.communicate()
    assert process.returncode == 1
    assert errors.decode().splitlines() == [
        f"python -m local.platform: port {port} is in use; choose another with --port"
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--host", "0.0.0.0"], "loopback only, not on 0.0.0.0"),
        (["--engine-url", "http://127.0.0.1"], "--engine-url must be a ws:// or wss:// address"),
        (["--port", "http"], "invalid int value"),
    ],
)
def test_program_refuses_wrong_options(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A wrong option ends the program with status 2 and says what is wrong."""
    with pytest.raises(SystemExit) as ending:
        main(arguments)
    assert ending.value.code == 2
    assert message in capsys.readouterr().err


def test_program_reports_an_impossible_port(capsys: pytest.CaptureFixture[str]) -> None:
    """A port beyond 65535 is one line on standard error."""
    assert main(["--port", "70000"]) == 1
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_loopback_hosts_are_taken(host: str) -> None:
    """Every spelling of loopback is an address to listen on."""
    assert check_loopback(host) in {"127.0.0.1", "::1"}


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.com", ""])
def test_other_hosts_are_refused(host: str) -> None:
    """Nobody else's network can reach the simulator."""
    with pytest.raises(ValueError, match="loopback only"):
        check_loopback(host)
