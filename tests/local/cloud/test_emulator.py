from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import httpx
import pytest

from local.cloud.errors import CloudError
from tests.fakes.embedded_aws import ACCOUNT, CHECKOUT, PYTHON, make_emulator

if TYPE_CHECKING:
    from pathlib import Path

# Starts an emulator, prints its process and address, and dies without a word.
DYING_PARENT = """
import asyncio, os, pathlib, signal, sys
from tests.fakes.embedded_aws import make_emulator
emulator = make_emulator(pathlib.Path(sys.argv[1]))
asyncio.run(emulator.start({}))
print(emulator._process.pid, emulator.endpoint, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


async def test_emulator_serves_on_loopback_until_it_is_stopped(tmp_path: Path) -> None:
    """Its address is known before, answers between start and stop, and not after."""
    emulator = make_emulator(tmp_path)
    health = f"{emulator.endpoint}/_ministack/health"
    async with httpx.AsyncClient(trust_env=False) as http:
        try:
            await emulator.start({})
            assert (await http.get(health)).is_success
        finally:
            await emulator.stop()
        with pytest.raises(httpx.ConnectError):
            await http.get(health)


async def test_emulator_that_is_not_installed_is_named(tmp_path: Path) -> None:
    """A checkout without the emulator's environment tells what makes it."""
    emulator = make_emulator(tmp_path, tmp_path / "python")
    with pytest.raises(CloudError, match="run make demo"):
        await emulator.start({})
    await emulator.stop()


async def test_emulator_that_cannot_start_points_to_its_log(tmp_path: Path) -> None:
    """In an environment without it, its own words are in the log."""
    # The tests' own environment has no emulator.
    emulator = make_emulator(tmp_path, PYTHON.parents[2] / ".venv" / "bin" / "python")
    try:
        with pytest.raises(CloudError, match=f"did not start; see {tmp_path}"):
            await emulator.start({})
    finally:
        await emulator.stop()
    assert "ministack" in emulator.log.read_text()


def test_emulator_ends_with_the_program_that_started_it(tmp_path: Path) -> None:
    """Even a parent that is killed leaves no emulator behind."""
    done = subprocess.run(
        [sys.executable, "-c", DYING_PARENT, tmp_path],
        env={**os.environ, "PYTHONPATH": f"{CHECKOUT}"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    process_id, endpoint = done.stdout.split()
    try:
        assert ends(f"{endpoint}/_ministack/health")
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(int(process_id), signal.SIGKILL)


def ends(url: str, seconds: float = 15.0) -> bool:
    """Tell whether a server stops answering within a time."""
    deadline = time.monotonic() + seconds
    with httpx.Client(trust_env=False, timeout=1) as http, contextlib.suppress(httpx.HTTPError):
        while time.monotonic() < deadline:
            http.get(url)
            time.sleep(0.02)
        return False
    return True


def test_account_leads_to_the_emulator_alone() -> None:
    """Every variable that could lead an SDK to a real account is set to something else."""
    variables = ACCOUNT.variables("http://127.0.0.1:1")
    assert variables["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1"
    assert variables["AWS_ACCESS_KEY_ID"] == "111122223333"
    assert variables["AWS_CONFIG_FILE"] == variables["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull
    assert variables["AWS_EC2_METADATA_DISABLED"] == "true"
