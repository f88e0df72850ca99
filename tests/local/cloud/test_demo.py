"""`make demo`'s program from outside: whole, interrupted and failing."""

from __future__ import annotations

import importlib
import os
import signal
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.fakes.docker_engine import docker_engine, why_no_engine
from tests.service.logged_process import LoggedProcess, clean_environ

if TYPE_CHECKING:
    from collections.abc import Iterator

# Two minutes on two idle cores; other tests take their share of them.
LIMIT_SECONDS = 400.0
# The kernel takes a moment for what was killed.
GONE_SECONDS = 5.0
PROCESSES = Path("/proc")
NOTHING_THERE = "http://127.0.0.1:9"
# A developer's own account, key and proxy have no part in it.
OWN = {
    "AWS_PROFILE": "production",
    "ELEVENLABS_API_KEY": "sk_test_own",
    "ELEVENLABS_BASE_URL": NOTHING_THERE,
}


@contextmanager
def demo(folder: Path, *arguments: str, **variables: str) -> Iterator[LoggedProcess]:
    """Run the program with all its files in `folder`."""
    command = [sys.executable, "-m", "local.cloud", *arguments]
    with LoggedProcess(command, clean_environ(TMPDIR=str(folder), **variables)) as program:
        yield program


def wait_until_nothing_runs(folder: Path) -> None:
    """Wait for the end of what has `folder` in its environment or command."""
    deadline = time.monotonic() + GONE_SECONDS
    while found := find_processes(folder):
        assert time.monotonic() < deadline, found
        time.sleep(0.01)


def find_processes(folder: Path) -> list[str]:
    """Return the commands of what still runs with `folder` in its environment or command."""
    found = []
    for process in PROCESSES.glob("[0-9]*"):
        try:
            known = (process / "environ").read_bytes(), (process / "cmdline").read_bytes()
        except OSError:
            continue
        if str(folder).encode() in b"".join(known):
            found.append(known[1].decode(errors="replace"))
    return found


def check_story(program: LoggedProcess) -> None:
    """The demo ends well, and says what it has proven and what it has not."""
    assert program.wait(LIMIT_SECONDS) == 0, program.errors + program.lines
    said = "\n".join(program.lines)
    assert said.count('said "And goodbye", heard "You said: And goodbye"') == 2
    assert "the engine is still seng_" in said
    assert "the transcript is in the table   4 messages" in said
    assert "speechctl reads it               speechctl transcripts list; show conv_" in said
    assert "speechctl exports it             4 rows of JSON Lines, 4 of CSV" in said
    assert "speechctl deletes it             5 items, and none is left" in said
    assert "show now says: speechctl transcripts: there is no such conversation" in said
    assert "speechctl restores it            4 messages of ElevenLabs' record" in said
    assert "What an emulator cannot prove" in said
    assert "nothing is left of it" in program.lines[-2]


def check_exports(folder: Path) -> None:
    """What was exported from the deployed table is a data frame, whatever its form."""
    pandas: Any = importlib.import_module("pandas")
    (kept,) = folder.glob("speech-engine-demo-*")
    lines = pandas.read_json(kept / "transcripts.jsonl", lines=True, dtype=False)
    table = pandas.read_csv(kept / "transcripts.csv", keep_default_na=False, na_values=[""])
    for frame in (lines, table):
        assert list(frame["role"]) == ["user", "agent"] * 2
        assert list(frame["text"][::2]) == ["Hello from the demo", "And goodbye"]
        assert list(frame["characters"]) == [len(text) for text in frame["text"]]
        assert frame["conversation_id"].nunique() == 1
    assert lines["duration_ms"].count() == 2


@pytest.mark.long
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
            **OWN,
            **engine.environ,
            "CLOUD_DOCKER": str(engine.client),
            "CLOUD_BUILD_OPTIONS": " ".join(engine.build_flags),
        }
        with demo(folder, "--keep", "--tasks", "containers", **more) as program:
            check_story(program)
        assert "as a container of the image" in "\n".join(program.lines)
        assert engine.run("ps", "--all", "--quiet") == ""
        assert "127.0.0.1:" not in engine.run("image", "ls")
    check_exports(folder)


def run_with_processes(folder: Path) -> None:
    proxy = dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), NOTHING_THERE)
    with demo(folder, "--keep", "--tasks", "processes", **OWN, **proxy) as program:
        check_story(program)
    wait_until_nothing_runs(folder)
    check_exports(folder)
    assert len(list(folder.iterdir())) == 1


def test_demo_that_is_interrupted_leaves_nothing(tmp_path: Path) -> None:
    """Ctrl-C in the middle ends the emulator, the CDK and what they have started."""
    with demo(tmp_path, "--tasks", "processes") as program:
        program.wait_for_line("Bootstrap the account", seconds=60)
        program.send_signal(signal.SIGINT)
        program.send_signal(signal.SIGINT)
        assert program.wait(30) == 130
    assert program.errors == ["make demo: interrupted; nothing is left running"]
    wait_until_nothing_runs(tmp_path)
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
    wait_until_nothing_runs(tmp_path)
