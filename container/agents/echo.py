"""The agent for a machine without keys: says back what it heard, word by word.

It shows how an answer streams: an async iterable of text, sent as it grows.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from speech_engine import ConversationMessage, SpeechEngineSession

_SECONDS_A_WORD = 0.04


async def on_transcript(
    transcript: Sequence[ConversationMessage], session: SpeechEngineSession
) -> None:
    """Answer one turn of the user."""
    await session.send_response(answer(transcript))


async def answer(
    transcript: Sequence[ConversationMessage], seconds_a_word: float = _SECONDS_A_WORD
) -> AsyncIterator[str]:
    """Stream a friendly echo of the user's last message, a word at a time."""
    for index, word in enumerate(_compose(transcript).split()):
        if index:
            await asyncio.sleep(seconds_a_word)
        yield f" {word}" if index else word


def _compose(transcript: Sequence[ConversationMessage]) -> str:
    said = [message.content.strip() for message in transcript if message.role == "user"]
    if not said or not said[-1]:
        return "I did not catch that. Could you say it again?"
    return f"You said: {said[-1]}"
