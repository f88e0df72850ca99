"""The agent: the one file to edit. It gets what the user said and sends text back to be spoken."""

from __future__ import annotations

from agents.assistant import Assistant
from speech_engine import ConversationMessage, SpeechEngineSession


async def on_transcript(
    transcript: list[ConversationMessage], session: SpeechEngineSession, assistant: Assistant
) -> None:
    """Answer one turn: `transcript` is the whole conversation, oldest message first.

    `assistant` asks the models of the settings; give it `instructions` and `tools` of your own, or
    leave it out: `send_response` takes a text, a stream of texts, or an LLM client's own stream.
    A new turn of the user cancels this call.
    """
    await session.send_response(assistant.answer(transcript, session))
