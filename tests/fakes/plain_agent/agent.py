"""What container/agent.py is before anybody edits it, for tests that need a certain agent."""

from __future__ import annotations

from agents.assistant import Assistant
from speech_engine import ConversationMessage, SpeechEngineSession


async def on_transcript(
    transcript: list[ConversationMessage], session: SpeechEngineSession, assistant: Assistant
) -> None:
    """Answer one turn by the models of the settings."""
    await session.send_response(assistant.answer(transcript, session))
