from __future__ import annotations

import importlib
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from service.agent_module import READY_MADE, AgentError, load_agent, wants_assistant
from service.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

GOOD = "async def on_transcript(transcript, session): ...\n"


@pytest.fixture
def write_agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], str]]:
    """Writes an agent's source and returns the name of its module."""
    name = f"agent_{tmp_path.name}"
    monkeypatch.syspath_prepend(str(tmp_path))

    def write(source: str) -> str:
        (tmp_path / f"{name}.py").write_text(source)
        return name

    yield write
    sys.modules.pop(name, None)


def reason_of(name: str) -> str:
    with pytest.raises(AgentError) as caught:
        load_agent(name)
    reason = str(caught.value)
    assert "\n" not in reason
    return reason


def test_agent_needs_only_on_transcript(write_agent: Callable[[str], str]) -> None:
    """A module with on_transcript alone is an agent."""
    assert set(load_agent(write_agent(GOOD))) == {"on_transcript"}


def test_agent_may_handle_everything(write_agent: Callable[[str], str]) -> None:
    """The four optional handlers are found by name; other names are the agent's own business."""
    source = (
        GOOD
        + "def on_init(conversation_id, session): ...\n"
        + "async def on_close(session): ...\n"
        + "on_disconnect = lambda session: None\n"
        + "def on_error(exc, session, *more): ...\n"
        + "def on_tool_call(tool): ...\n"
    )
    assert set(load_agent(write_agent(source))) == {
        "on_transcript",
        "on_init",
        "on_close",
        "on_disconnect",
        "on_error",
    }


def test_agent_may_be_named_with_its_function(write_agent: Callable[[str], str]) -> None:
    """`module:function` makes that function the one that answers."""
    name = write_agent("def reply(transcript, session): return 'hi'\n")
    assert load_agent(f"{name}:reply")["on_transcript"].__name__ == "reply"


@pytest.mark.parametrize("name", READY_MADE)
def test_agent_may_be_ready_made(name: str) -> None:
    """A ready-made agent is chosen by its file's name."""
    assert load_agent(name)["on_transcript"].__module__ == f"agents.{name}"


def test_agent_may_ask_for_the_assistant(write_agent: Callable[[str], str]) -> None:
    """A third parameter called assistant is good, by whatever way it is taken."""
    for parameters in ("assistant", "*, assistant", "assistant=None"):
        name = write_agent(f"async def on_transcript(transcript, session, {parameters}): ...\n")
        sys.modules.pop(name, None)
        importlib.invalidate_caches()
        assert wants_assistant("on_transcript", load_agent(name)["on_transcript"])


def test_agent_may_do_without_the_assistant(write_agent: Callable[[str], str]) -> None:
    """The handler of the quickstart has two parameters and gets two arguments."""
    handlers = load_agent(write_agent(GOOD))
    assert not wants_assistant("on_transcript", handlers["on_transcript"])


def test_agent_default_is_the_file_that_a_fork_edits() -> None:
    """The default's name is that of container/agent.py."""
    found = find_spec(Settings().agent)
    assert found is not None
    assert found.origin == str(Path(__file__).parents[2] / "container" / "agent.py")


def test_agent_that_is_missing_is_told_with_the_choice() -> None:
    """A name that leads nowhere is answered with the ready-made ones."""
    reason = reason_of("no_such_agent")
    assert "'no_such_agent' is not found" in reason
    assert "echo" in reason


@pytest.mark.parametrize(("name", "meant"), [("ordr_desk", "order_desk"), ("Echo", "echo")])
def test_agent_that_is_misspelt_is_told_what_may_be_meant(name: str, meant: str) -> None:
    """A ready-made agent is found by what its name was meant to be."""
    assert f"did you mean {meant}?" in reason_of(name)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("", "has no on_transcript; add `async def on_transcript(transcript, session)`"),
        ("on_transcript = 5\n", "on_transcript of the agent is not a function"),
        ("def on_transcript(session): ...\n", "wrong parameters (too many positional"),
        ("def on_transcript(a, b, c): ...\n", "write it as on_transcript(transcript, session)"),
        (
            "def on_transcript(a, b, asistant): ...\n",
            "or on_transcript(transcript, session, assistant) in",
        ),
        (GOOD + "def on_close(): ...\n", "write it as on_close(session)"),
        (GOOD + "def on_init(session): ...\n", "write it as on_init(conversation_id, session)"),
        (GOOD + "def on_errors(exc, session): ...\n", "on_errors in agent_"),
        (GOOD + "def on_errors(exc, session): ...\n", "is no handler; write on_error"),
        ("x = 1\ndef on_transcript(:\n", ".py line 2: invalid syntax"),
        (
            "import no_such_library.part\n",
            (
                "line 1: No module named 'no_such_library'; add its package to the agent group of"
                " pyproject.toml, then run make lock"
            ),
        ),
        ("import agents.nobody\n", "line 1: No module named 'agents.nobody'"),
        ("from dotenv import load_dotenv\n", "'dotenv'; leave it out, the service does that part"),
        ("import os\nKEY = os.environ['SHOP_KEY']\n", ".py line 2: 'SHOP_KEY'"),
        (
            "import asyncio\nasync def main(): ...\nasyncio.run(main())\n",
            ".py line 3 runs a program of its own; leave out main, the service does that part",
        ),
        ("x = 1\n1 / 0\n", "ZeroDivisionError at agent_"),
        ("raise SystemExit('no')\n", "SystemExit at agent_"),
        ("import json\n\njson.loads('')\n", "line 3: Expecting value"),
        ("raise ValueError('a\\nb')\n", "line 1: a b"),
        ("from agents.tools import tool\n@tool\ndef f(): ...\n", "ToolError at agent_"),
    ],
)
def test_agent_that_cannot_be_used_is_told_in_one_line(
    write_agent: Callable[[str], str], source: str, reason: str
) -> None:
    """Whatever is wrong with the file, the error has the place and the remedy on one line."""
    assert reason in reason_of(write_agent(source))


def test_agent_function_that_is_missing_is_named(write_agent: Callable[[str], str]) -> None:
    """`module:function` without such a function says which one is missing."""
    assert "has no reply" in reason_of(f"{write_agent(GOOD)}:reply")
