"""Import rules that import-linter cannot state: it reads packages, and the agent is one module."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
OURS = {"agent", "agents", "bench", "cli", "local", "service", "speech_engine", "tests"}


def imported_names(module: Path) -> set[str]:
    """Return the top-level packages that a module imports anywhere in its text."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names


def test_agent_sees_only_the_runtime_and_ready_made_agents() -> None:
    """Of this project `agent.py` may import `agents` and `speech_engine`: the rest can change."""
    ours = imported_names(ROOT / "container" / "agent.py") & OURS
    assert ours <= {"agents", "speech_engine"}
