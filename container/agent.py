"""The agent: the one file to edit. It gets what the user said and sends text back to be spoken."""

from __future__ import annotations

from agents import echo
from speech_engine import ConversationMessage, SpeechEngineSession


async def on_transcript(
    transcript: list[ConversationMessage], session: SpeechEngineSession
) -> None:
    """Answer one turn: `transcript` is the whole conversation, oldest message first.

    `send_response` takes a text, a stream of texts, or the stream of an LLM provider's client.
    A new turn of the user cancels this call.
    """
    await session.send_response(echo.answer(transcript))
