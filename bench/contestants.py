"""Owns the list of compared servers and how each program is started; knows no scenario."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

from bench.handshake import API_KEY

ROOT = Path(__file__).parent.parent
PROGRAMS = ROOT / "bench" / "servers"
PYTHON_PATH = os.pathsep.join([str(ROOT / "container"), str(ROOT)])


@dataclass(frozen=True)
class Server:
    """One column of the comparison.

    Without a `token_command` it has no token endpoint, without an `agents_command` no assistant,
    without a `transcripts_command` no transcript log.
    """

    name: str
    title: str
    command: tuple[str, ...]
    variables: dict[str, str] = field(default_factory=dict)
    is_ours: bool = False
    token_command: tuple[str, ...] = ()
    agents_command: tuple[str, ...] = ()
    transcripts_command: tuple[str, ...] = ()

    def takes_part_in(self, scenario: str) -> bool:
        """Return whether there is something to measure."""
        programs = {
            "token": self.token_command,
            "agents": self.agents_command,
            "transcripts": self.transcripts_command,
        }
        return bool(programs.get(scenario, self.command))

    def environment(self, *, chunks: int, delay_ms: int) -> dict[str, str]:
        """Return the variables that the server's program reads."""
        common = {"ELEVENLABS_API_KEY": API_KEY, "PYTHONPATH": PYTHON_PATH}
        agent = {"BENCH_CHUNKS": str(chunks), "BENCH_DELAY_MS": str(delay_ms)}
        return common | agent | self.variables


def _python(program: str) -> tuple[str, ...]:
    return (sys.executable, str(PROGRAMS / program))


PYTHON_SDK = Server(
    "python-sdk",
    "Python SDK",
    _python("python_sdk.py"),
    token_command=_python("quickstart_token.py"),
)
JS_SDK = Server("js-sdk", "JS SDK", ("node", str(PROGRAMS / "js_sdk.mjs")))
OURS = Server(
    "ours",
    "ours",
    _python("ours.py"),
    is_ours=True,
    token_command=_python("token_function.py"),
    agents_command=_python("agent_turns.py"),
    transcripts_command=_python("logged.py"),
)
OURS_UVLOOP = Server(
    "ours-uvloop",
    "ours+uvloop",
    _python("ours.py"),
    {"BENCH_LOOP": "uvloop"},
    is_ours=True,
    agents_command=_python("agent_turns.py"),
    transcripts_command=_python("logged.py"),
)
SERVERS = {server.name: server for server in (PYTHON_SDK, JS_SDK, OURS, OURS_UVLOOP)}
