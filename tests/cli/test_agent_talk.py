"""`speechctl talk --agent`: agents that stand in a folder, in a pipe and in a terminal."""

from __future__ import annotations

import asyncio
import io
import queue
import re
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from cli.agent_talk import _Listener
from cli.screen import Screen
from speech_engine import Turn
from tests.fakes.model_servers.openai_responses import ResponsesWire
from tests.fakes.model_servers.server import Call, Say, serve_model
from tests.fakes.terminals import Terminal
from tests.service.logged_process import WAIT_SECONDS, clean_environ

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.fakes.model_servers.server import Request, Step

KEY = "sk_test_agent_talk"

AGENTS = {
    # Says what it was told: the whole transcript.
    "recall": """
async def on_transcript(transcript, session):
    await session.send_response(" | ".join(f"{m.role} {m.content}" for m in transcript))
""",
    "sync": """
def on_transcript(transcript, session):
    return f"heard {transcript[-1].content}"
""",
    # Speaks until it is interrupted, and then tells what was heard of that.
    "slow": """
import asyncio

async def words():
    for number in range(100):
        yield f"word{number} "
        await asyncio.sleep(0.1)

async def on_transcript(transcript, session):
    if transcript[-1].content == "tell me":
        await session.send_response(words())
    else:
        heard = [m.content.split()[0] for m in transcript if m.role == "agent"]
        await session.send_response(f"id {session.turn.event_id} after {' '.join(heard)}")
""",
    "several": """
async def on_init(conversation_id, session):
    session.begun = conversation_id

async def on_turn_ended(turn, session):
    session.turns = getattr(session, "turns", 0) + 1

async def on_transcript(transcript, session):
    await session.send_response("one ")
    await session.send_response(f"two {bool(session.begun)} {getattr(session, 'turns', 0)}")
""",
    "silent": """
async def on_transcript(transcript, session):
    pass
""",
    "failing": """
async def on_transcript(transcript, session):
    if transcript[-1].content == "fail":
        raise ValueError("no\\nmore")
    await session.send_response("fine")
""",
    "hanging_up": """
async def on_transcript(transcript, session):
    await session.send_response("goodbye")
    session.close()
""",
    "blocking": """
import time

async def on_transcript(transcript, session):
    print("blocked", flush=True)
    time.sleep(600)
""",
    "weather": """
from agents.tools import tool

@tool
async def look_up(city: str) -> str:
    "Look up the weather."
    return f"rain in {city}"

@tool
def fail(city: str) -> str:
    "Fail."
    raise ValueError("not now")

async def on_transcript(transcript, session, assistant):
    await session.send_response(assistant.answer(transcript, session, tools=[look_up, fail]))
""",
    "broken": "async def on_transcript(\n",
    "without": "import no_such_library\n",
    "untold": """
from agents.tools import tool

@tool
def look_up(city): ...
""",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the agents are."""
    folder = tmp_path_factory.mktemp("agents")
    for name, code in AGENTS.items():
        (folder / f"{name}.py").write_text(code)
    return folder


def command_of(name: str) -> list[str]:
    return [sys.executable, "-m", "cli", "talk", "--agent", name]


def talk(
    name: str, text: str, *folders: Path, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Talk through a pipe until the end."""
    return subprocess.run(
        command_of(name),
        env=clean_environ(*folders, **variables),
        input=text,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_agent_talk_needs_nothing() -> None:
    """An agent of the checkout answers in a pipe without server, simulator, key or PYTHONPATH."""
    for name in ("echo", "echo:on_transcript"):
        ended = talk(name, "good morning\nbye", PYTHONPATH="")
        assert (ended.stdout, ended.stderr) == ("You said: good morning\nYou said: bye\n", "")
        assert ended.returncode == 0


@pytest.mark.parametrize(
    ("name", "said", "answers"),
    [
        ("recall", "a\nb", ["user a", "user a | agent user a | user b"]),
        ("sync", "a\nb", ["heard a", "heard b"]),
        ("several", "a\nb", ["one two True 0", "one two True 1"]),
        ("silent", "a\nb\n", []),
        ("hanging_up", "a\nb\n", ["goodbye"]),
    ],
)
def test_agent_talk_is_a_real_conversation(
    folder: Path, name: str, said: str, answers: list[str]
) -> None:
    """Agents of every kind get the transcript as it grows, and their whole answers are shown."""
    ended = talk(name, said, folder)
    assert (ended.stdout.splitlines(), ended.stderr, ended.returncode) == (answers, "", 0)


def test_agent_talk_shows_a_failure_in_one_line(folder: Path) -> None:
    """What an agent's code does wrong is told with its place; the next line is answered."""
    ended = talk("failing", "fail\ngo on\n", folder)
    assert ended.stdout.splitlines() == ["fine"]
    assert ended.stderr == "the agent failed: ValueError at failing.py line 4: no more\n"
    assert ended.returncode == 1


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("nobody", "agent 'nobody' is not found; name a module on PYTHONPATH or one of echo"),
        ("broken", "agent 'broken' has a syntax error: broken.py line 1"),
        ("without", "agent 'without' can't be imported: ModuleNotFoundError at without.py line 1"),
        ("untold", "tool 'look_up' has no docstring"),
        ("echo:reply", "agent 'echo:reply' has no reply"),
        ("openai/gpt-5.4-mini", "OPENAI_API_KEY is missing"),
        ("echo,anthropic/claude-haiku-5-5", "ANTHROPIC_API_KEY is missing"),
        ("opnai/gpt-5.4-mini", "--agent has the unknown provider 'opnai'; did you mean openai?"),
        ("openai", "--agent has no model for openai; name one: openai/"),
        ("gpt-5.4", "--agent has the unknown provider 'gpt-5.4'; did you mean openai/gpt-5.4?"),
        ("", "--agent is empty; name a module such as agent, or models such as openai/"),
    ],
)
def test_agent_talk_tells_what_is_wrong_in_one_line(folder: Path, name: str, reason: str) -> None:
    """Whatever keeps an agent from answering is one line before the first word, and code 1."""
    keys = {"OPENAI_API_KEY": "", "ANTHROPIC_API_KEY": ""}
    ended = talk(name, "hello\n", folder, **keys)
    assert (ended.returncode, ended.stdout) == (1, "")
    (line,) = ended.stderr.splitlines()
    assert line.startswith("speechctl talk: ")
    assert reason in line


def test_agent_talk_tells_a_wrong_model_before_a_broken_agent(folder: Path) -> None:
    """What has just been typed comes first; the agent's own fault may be an old one."""
    (folder / "unfinished").mkdir()
    (folder / "unfinished" / "agent.py").write_text(AGENTS["broken"])
    ended = talk("nosuch/model", "hello\n", folder / "unfinished")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "unknown provider 'nosuch'" in ended.stderr


def test_agent_talk_refuses_models_for_an_agent_that_asks_none(folder: Path) -> None:
    """Models that nobody would ask are told, not left unused."""
    (folder / "mine").mkdir()
    (folder / "mine" / "agent.py").write_text(AGENTS["sync"])
    ended = talk("echo,openai/x", "hello\n", folder / "mine", OPENAI_API_KEY=KEY)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "the agent 'agent' asks no models" in ended.stderr


@pytest.mark.parametrize("goodbye", ["/quit\n", "\x04", "\x03"])
def test_agent_talk_in_a_terminal_ends_as_asked(goodbye: str) -> None:
    """In a terminal time and model of each answer are shown; all ways out lead to code 0."""
    with Terminal(command_of("agent"), clean_environ()) as terminal:
        terminal.wait_for("agent listens; /quit or Ctrl-D ends it")
        terminal.wait_for("you> ")
        terminal.type("hi\n")
        terminal.wait_for("you> ", count=2)
        note = r"agent> You said: hi\r\n\x1b\[2m\d+ ms to the first words, by echo\x1b\[0m\r\nyou> "
        assert re.search(note, terminal.shown)
        if goodbye == "\x03":
            terminal.process.send_signal(signal.SIGINT)
        else:
            terminal.type(goodbye)
        assert terminal.process.wait(WAIT_SECONDS) == 0
        terminal.wait_for("bye")
        assert "Traceback" not in terminal.shown


def test_agent_talk_notes_a_turn_without_words() -> None:
    """Whoever forgot to send the answer sees that there was none."""
    output = io.StringIO()
    listener = _Listener(Screen(output, interactive=True), queue.SimpleQueue())
    listener.end_turn(Turn(1, 0.0, ()))
    assert "the answer had no words" in output.getvalue()


def test_agent_talk_in_a_terminal_can_interrupt(folder: Path) -> None:
    """Words come as they are said; a line typed meanwhile ends them, and what was heard counts."""
    with Terminal(command_of("slow"), clean_environ(folder)) as terminal:
        terminal.wait_for("you> ")
        terminal.type("tell me\n")
        terminal.wait_for("agent> word0 word1 word2")
        terminal.type("stop\n")
        terminal.wait_for("agent> id 2 after word0")
        terminal.type("/quit\n")
        assert terminal.process.wait(WAIT_SECONDS) == 0
        assert "word50" not in terminal.shown
        assert "word1" not in terminal.shown.partition("after word0")[2]


def test_agent_talk_ends_with_an_agent_that_blocks(folder: Path) -> None:
    """Ctrl-C ends the program also while an agent's code holds up the event loop."""
    with subprocess.Popen(
        command_of("blocking"),
        env=clean_environ(folder),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(b"hello\n")
            process.stdin.flush()
            assert process.stdout.readline() == b"blocked\n"
            process.send_signal(signal.SIGINT)
            begun = time.monotonic()
            assert process.wait(WAIT_SECONDS) == 0
            assert time.monotonic() - begun < 10
        finally:
            process.kill()


def answer_with_tools(request: Request) -> Sequence[Step]:
    """A model that looks up the weather, then says what it has read."""
    read = [item for item in request.body["input"] if item.get("type") == "function_call_output"]
    if not read:
        return [Call("look_up", {"city": "Rome"}), Call("fail", {"city": "Rome"})]
    return [Say(f"It is {item['output'][:12]}. ") for item in read[-2:]]


async def test_agent_talk_asks_models(folder: Path) -> None:
    """The real SDK asks with the agent's tools; a model and a tool that fail are told of."""
    async with serve_model(ResponsesWire) as server:
        server.key, server.script = KEY, answer_with_tools
        variables = {
            "OPENAI_BASE_URL": f"{server.url}/v1",
            "OPENAI_API_KEY": KEY,
            "SPEECH_ENGINE_MODELS": "openai/no-model,openai/test-model",
        }
        ended = await asyncio.to_thread(talk, "weather", "weather?\n", folder, **variables)
    assert ended.stdout.strip() == "It is rain in Rome. It is The tool fai."
    refused, failed = ended.stderr.splitlines()
    assert "model refused  model=openai/no-model" in refused
    assert "tool failed  tool=fail reason=exception" in failed
    assert 'error="ValueError at weather.py line 12: not now"' in failed
    assert KEY not in ended.stderr


async def test_agent_talk_tells_a_refused_model_in_one_line() -> None:
    """A key that the provider refuses is one line before the first word, without the key."""
    async with serve_model(ResponsesWire) as server:
        server.key = KEY
        variables = {"OPENAI_BASE_URL": f"{server.url}/v1", "OPENAI_API_KEY": "sk_test_wrong"}
        ended = await asyncio.to_thread(talk, "openai/test-model", "hello\n", **variables)
    assert (ended.returncode, ended.stdout) == (1, "")
    (line,) = ended.stderr.splitlines()
    assert line.startswith("speechctl talk: openai/test-model: the key is not accepted")
    assert "sk_test" not in line
