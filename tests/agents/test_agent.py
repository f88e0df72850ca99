"""The file that a fork edits, as it comes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import agent
from service.model_settings import ModelSettings
from service.models import build_assistant
from speech_engine import ConversationMessage, Turn

if TYPE_CHECKING:
    from speech_engine import SpeechEngineSession

FILE = Path(agent.__file__)


class Session:
    """Stands in for the runtime's session: keeps what is sent."""

    conversation_id = "conv_1"

    def __init__(self) -> None:
        self.sent = ""
        self.turn = Turn(1, 0.0)

    async def send_response(self, response: Any) -> None:
        self.sent += "".join([word async for word in response])


async def test_agent_answers_as_it_comes() -> None:
    """Without an edit, a setting or a key it echoes."""
    session = Session()
    assistant = build_assistant(ModelSettings())
    await assistant.open()
    transcript = [ConversationMessage("user", "hello")]
    await agent.on_transcript(transcript, cast("SpeechEngineSession", session), assistant)
    assert session.sent == "You said: hello"


def test_agent_file_is_short() -> None:
    """Whoever opens the file sees all of it."""
    assert len(FILE.read_text().splitlines()) <= 25
