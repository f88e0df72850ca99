"""The file that a fork edits, as it comes."""

from __future__ import annotations

import ast
from pathlib import Path

import agent
from speech_engine import ConversationMessage

FILE = Path(agent.__file__)


class Session:
    """Stands in for the runtime's session: keeps what is sent."""

    def __init__(self) -> None:
        self.sent = ""

    async def send_response(self, response: object) -> None:
        self.sent += "".join([word async for word in response])  # type: ignore[attr-defined]


async def test_agent_answers_as_it_comes() -> None:
    """Without an edit and without a key it echoes."""
    session = Session()
    await agent.on_transcript([ConversationMessage("user", "hello")], session)  # type: ignore[arg-type]
    assert session.sent == "You said: hello"


def test_agent_file_is_short() -> None:
    """Whoever opens the file sees all of it."""
    assert len(FILE.read_text().splitlines()) <= 25


def test_agent_file_sees_the_runtime_and_ready_made_agents_only() -> None:
    """It imports nothing of the service or of the tools."""
    imported = {
        name.partition(".")[0]
        for node in ast.walk(ast.parse(FILE.read_text()))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported <= {"__future__", "agents", "speech_engine"}
