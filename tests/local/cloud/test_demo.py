"""`make demo`'s program from outside: whole, interrupted and failing."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.fakes.docker_engine import docker_engine, why_no_engine
from tests.service.logged_process import LoggedProcess, clean_environ

if TYPE_CHECKING:
    from collections.abc import Iterator

# Two minutes on two idle cores; other tests take their share of them.
LIMIT_SECONDS = 400.0
PROCESSES = Path("/proc")
# A developer's proxy is not asked for what is on loopback.
NO_PROXY_THERE = "http://127.0.0.1:9"


@contextmanager
def demo(folder: Path, *arguments: str, **variables: str) -> Iterator[LoggedProcess]:
    """Run the program with all its files in `folder`."""
    command = [sys.executable, "-m", "local.cloud", *arguments]
    with LoggedProcess(command, clean_environ(TMPDIR=str(folder), **variables)) as program:
        yield program


def find_processes(folder: Path) -> list[str]:
    """Return what still runs with `folder` in its environment or command."""
    found = []
    for process in PROCESSES.glob("[0-9]*"):
        try:
            known = (process / "environ").read_bytes() + (process / "cmdline").read_bytes()
        except OSError:
            continue
        if str(folder).encode() in known:
            found.append((process / "comm").read_text())
    return found


def check_story(program: LoggedProcess) -> None:
    """The demo ends well, and says what it has proven and what it has not."""
    assert program.wait(LIMIT_SECONDS) == 0, program.errors + program.lines
    said = "\n".join(program.lines)
    assert said.count('said "And goodbye", heard "You said: And goodbye"') == 2
    assert "the engine is still seng_" in said
    assert "the transcript is in the table   4 messages" in said
    assert "speechctl reads it               speechctl transcripts show conv_" in said
    assert "What an emulator cannot prove" in said
    assert "nothing is left of it" in program.lines[-1]


@pytest.mark.long
@pytest.mark.xdist_group("docker-engine")
def test_demo_deploys_talks_changes_and_destroys(tmp_path: Path) -> None:
    """The main job of `make demo` leaves nothing behind.

    Tasks are containers of the image that the CDK built where an engine can be started, else
    processes, as in the demo of a machine without Docker.
    """
    if why_no_engine() is None:
        run_with_containers(tmp_path)
    else:
        run_with_processes(tmp_path)


def run_with_containers(folder: Path) -> None:
    with docker_engine() as engine:
        more = {
            "CLOUD_DOCKER": str(engine.client),
            "CLOUD_BUILD_OPTIONS": " ".join(engine.build_flags),
        }
        with demo(folder, "--tasks", "containers", **engine.environ, **more) as program:
            check_story(program)
        assert "as a container of the image" in "\n".join(program.lines)
        assert engine.run("ps", "--all", "--quiet") == ""
        assert "127.0.0.1:" not in engine.run("image", "ls")


def run_with_processes(folder: Path) -> None:
    proxy = dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), NO_PROXY_THERE)
    with demo(folder, "--tasks", "processes", **proxy) as program:
        check_story(program)
    assert find_processes(folder) == []
    assert list(folder.iterdir()) == []


def test_demo_that_is_interrupted_leaves_nothing(tmp_path: Path) -> None:
    """Ctrl-C in the middle ends the emulator, the CDK and what they have started."""
    with demo(tmp_path, "--tasks", "processes") as program:
        program.wait_for_line("Bootstrap the account", seconds=60)
        program.send_signal(signal.SIGINT)
        program.send_signal(signal.SIGINT)
        assert program.wait(30) == 130
    assert program.errors == ["make demo: interrupted; nothing is left running"]
    assert find_processes(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_demo_that_fails_says_so_in_one_line(tmp_path: Path) -> None:
    """A step that cannot be done ends the run with its reason and the way to the logs."""
    missing = tmp_path / "docker"
    with demo(tmp_path, "--tasks", "containers", CLOUD_DOCKER=str(missing)) as program:
        assert program.wait(60) == 1
    reason, logs = program.errors
    assert reason == (
        "make demo: no Docker engine answers; start one, or run the tasks as processes"
    )
    assert logs.startswith(f"make demo: all logs are in {tmp_path}{os.sep}")
    assert find_processes(tmp_path) == []
