"""`make talk` as a person meets it: against make dev, in a pipe and in a terminal."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from local.platform import Platform
from tests.fakes.terminals import Terminal
from tests.local.dev.dev_process import DevProcess
from tests.service.logged_process import WAIT_SECONDS, clean_environ
from tests.service.service_process import ServiceProcess

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# A slow speaker, so that there is time to interrupt it.
SLOW = """
import asyncio

async def words(text):
    for word in text.split():
        yield word + " "
        await asyncio.sleep(0.2)

async def on_transcript(transcript, session):
    said = transcript[-1].content
    await session.send_response(words("well " * 100 if said == "tell me" else "heard " + said))
"""


def command_of(state_file: Path) -> list[str]:
    return [sys.executable, "-m", "cli", "talk", "--state-file", str(state_file)]


def talk(text: str, state_file: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Talk through a pipe until the end."""
    return subprocess.run(
        command_of(state_file),
        env=clean_environ(**variables),
        input=text,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevProcess]:
    """One `make dev` for the tests of this module; each has a conversation of its own."""
    with DevProcess(tmp_path_factory.mktemp("dev"), SLOW) as dev:
        dev.wait_until_ready()
        yield dev


def seconds_to_an_answer(folder: Path) -> float:
    begun = time.monotonic()
    with DevProcess(folder) as dev:
        dev.wait_until_ready()
        ended = talk("hello\n", dev.state_file)
        seconds = time.monotonic() - begun
    assert ended.stdout == "You said: hello\n"
    return seconds


def test_talk_answers_within_ten_seconds_of_make_dev(tmp_path: Path) -> None:
    """From the start of `make dev` to an answer in `make talk`: below ten seconds."""
    # Other tests share the machine: it is enough that one of three attempts shows it.
    assert any(seconds_to_an_answer(tmp_path) < 10 for _ in range(3))


def test_talk_in_a_pipe_prints_the_answers(dev: DevProcess) -> None:
    """Each line of a pipe is answered in turn; then it ends with code 0 and without a prompt."""
    ended = talk("one\ntwo", dev.state_file)
    assert [line.rstrip() for line in ended.stdout.splitlines()] == ["heard one", "heard two"]
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize("goodbye", ["/quit\n", "\x04", "\x03"])
def test_talk_in_a_terminal_ends_as_asked(dev: DevProcess, goodbye: str) -> None:
    """/quit, Ctrl-D and Ctrl-C end the conversation, with code 0 and without a traceback."""
    with Terminal(command_of(dev.state_file), clean_environ()) as terminal:
        terminal.wait_for("connecting to seng_")
        terminal.wait_for("you> ")
        terminal.type("hi\n")
        terminal.wait_for("agent> heard hi")
        terminal.wait_for("you> ", count=2)
        if goodbye == "\x03":
            terminal.process.send_signal(signal.SIGINT)
        else:
            terminal.type(goodbye)
        assert terminal.process.wait(WAIT_SECONDS) == 0
        terminal.wait_for("bye")
        assert "Traceback" not in terminal.shown


def test_talk_in_a_terminal_can_interrupt(dev: DevProcess) -> None:
    """A line typed while the agent speaks is answered at once; the old answer stops."""
    with Terminal(command_of(dev.state_file), clean_environ()) as terminal:
        terminal.wait_for("you> ")
        terminal.type("tell me\n")
        terminal.wait_for("agent> well well")
        terminal.type("stop\n")
        terminal.wait_for("agent> heard stop")
        terminal.type("/quit\n")
        assert terminal.process.wait(WAIT_SECONDS) == 0
        assert terminal.shown.count("well") < 50
        assert "well" not in terminal.shown.partition("heard stop")[2]
    dev.wait_for_line("outcome=interrupted")


def test_talk_without_make_dev_is_told(tmp_path: Path) -> None:
    """Nothing to talk to is one line, at once."""
    ended = talk("hello\n", tmp_path / "dev.json")
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert line.startswith("speechctl talk: make dev is not running; start it")


def test_talk_to_an_unreachable_platform_is_told(tmp_path: Path) -> None:
    """A platform that nobody serves is one line, with or without a key."""
    named = {"ENGINE": "seng_x", "ELEVENLABS_BASE_URL": "http://127.0.0.1:1"}
    for key in ("", "sk_test_talk"):
        ended = talk("hello\n", tmp_path / "dev.json", ELEVENLABS_API_KEY=key, **named)
        assert ended.returncode == 1
        assert len(ended.stderr.splitlines()) == 1
        assert "speechctl talk: can't " in ended.stderr


async def test_talk_to_a_named_engine_uses_a_signed_url(tmp_path: Path) -> None:
    """An engine that asks for authentication is reached with the key; without it, it is not."""
    key = "sk_test_talk"
    with ServiceProcess(ELEVENLABS_API_KEY=key) as service:
        async with Platform(api_key=key) as platform:
            engine = platform.create_engine(ws_url=service.address, auth={"enable_auth": True})
            named = {"ENGINE": engine.id, "ELEVENLABS_BASE_URL": platform.url}
            state_file = tmp_path / "dev.json"

            async def ask(**variables: str) -> subprocess.CompletedProcess[str]:
                both = {**named, **variables}
                return await asyncio.to_thread(talk, "hi\n", state_file, **both)

            good, *refused = await asyncio.gather(
                ask(ELEVENLABS_API_KEY=key),
                ask(),
                ask(ELEVENLABS_API_KEY="sk_test_wrong"),
                ask(ELEVENLABS_API_KEY=key, ENGINE="seng_none"),
            )
    assert (good.returncode, good.stdout.strip()) == (0, "You said: hi")
    reasons = ("can't talk to seng_", "refused ELEVENLABS_API_KEY (401)", "no engine seng_none")
    for bad, reason in zip(refused, reasons, strict=True):
        assert bad.returncode == 1
        (line,) = bad.stderr.splitlines()
        assert reason in line
        assert "sk_test" not in line


async def test_talk_tells_when_the_platform_goes(tmp_path: Path) -> None:
    """A conversation that the other side breaks off ends with one line and code 1."""
    with ServiceProcess(SPEECH_ENGINE_AGENT="echo") as service:
        async with Platform(api_key="sk_test_service") as platform:
            engine = platform.create_engine(ws_url=service.address)
            talking = await asyncio.create_subprocess_exec(
                *command_of(tmp_path / "dev.json"),
                env=clean_environ(ENGINE=engine.id, ELEVENLABS_BASE_URL=platform.url),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
            assert talking.stdin is not None
            assert talking.stdout is not None
            assert talking.stderr is not None
            try:
                talking.stdin.write(b"hi\n")
                assert await talking.stdout.readline() == b"You said: hi\n"
                await platform.stop()
                errors = (await talking.stderr.read()).decode()
                assert await talking.wait() == 1
            finally:
                if talking.returncode is None:
                    talking.kill()
        (line,) = errors.splitlines()
        assert line.startswith("speechctl talk: the conversation has ended: ")
