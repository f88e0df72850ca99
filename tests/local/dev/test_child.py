from __future__ import annotations

import asyncio
import os
import sys
import time

import pytest

from local.dev.child import _STOP_SECONDS, Child
from service import lifecycle

DEAF = """
import signal, time
signal.signal(signal.SIGTERM, lambda *_: print("asked"))
print("deaf")
while True:
    time.sleep(600)
"""


async def start(program: str) -> tuple[Child, list[str], asyncio.Event]:
    lines: list[str] = []
    heard = asyncio.Event()

    def hear(line: str) -> None:
        lines.append(line)
        heard.set()

    child = await Child.start([sys.executable, "-u", "-c", program], os.environ, hear)
    return child, lines, heard


async def test_child_hands_over_its_lines_and_its_code() -> None:
    """Standard output and standard error come line by line, then the exit code."""
    program = "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"
    child, lines, _ = await start(program)
    assert await child.wait() == 3
    assert lines == ["out", "err"]
    await child.stop()


async def test_child_survives_a_line_of_any_length() -> None:
    """A line beyond all bounds is dropped, and those after it are still read."""
    child, lines, _ = await start("print('x' * 3_000_000); print('after')")
    assert await child.wait() == 0
    assert lines[-1] == "after"


@pytest.fixture
def _little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local.dev.child._STOP_SECONDS", 0.5)


@pytest.mark.usefixtures("_little_patience")
async def test_child_that_ignores_the_request_is_ended() -> None:
    """A program that does not end on SIGTERM is killed, within a bound."""
    child, _, heard = await start(DEAF)
    await heard.wait()
    begun = time.monotonic()
    await child.stop()
    assert time.monotonic() - begun < 3
    assert await child.wait() < 0


async def test_child_is_given_the_time_that_the_server_takes() -> None:
    """The server's own bound comes first: what it can still save is not lost."""
    own_bound = sum(
        getattr(lifecycle, f"_{step}_SECONDS") for step in ("CLOSE", "TASKS", "THREADS", "MARGIN")
    )
    assert own_bound < _STOP_SECONDS


async def test_child_is_asked_once_and_ended_at_once_if_need_be() -> None:
    """A stop that was cut short asks no second time; a kill ends it without more waiting."""
    child, lines, heard = await start(DEAF)
    await heard.wait()
    for _ in range(2):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(child.stop(), 0.2)
    child.kill()
    assert await child.wait() < 0
    assert lines == ["deaf", "asked"]


@pytest.mark.usefixtures("_little_patience")
@pytest.mark.parametrize("handler", ["SIG_DFL", "SIG_IGN"])
async def test_child_takes_its_own_children_along(handler: str) -> None:
    """What a program has started ends with it, also what does not end when it is asked to."""
    grandchild = (
        f"import os, signal, time; signal.signal(signal.SIGTERM, signal.{handler});"
        " print(os.getpid(), flush=True); time.sleep(600)"
    )
    program = (
        "import subprocess, sys, time;"
        f"subprocess.Popen([sys.executable, '-c', {grandchild!r}]); time.sleep(600)"
    )
    child, lines, heard = await start(program)
    await heard.wait()
    await child.stop()
    async with asyncio.timeout(5):
        while _is_running(int(lines[0])):  # noqa: ASYNC110 - the kernel sends no event
            await asyncio.sleep(0.01)


def _is_running(process_id: int) -> bool:
    try:
        with open(f"/proc/{process_id}/stat") as file:  # noqa: PTH123 - no path of the project's
            return file.read().split()[2] != "Z"
    except OSError:
        return False
