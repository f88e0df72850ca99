"""Agents for whole conversations, written as a fork's `on_transcript` would be."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from speech_engine import ConversationMessage, SpeechEngineSession

STORY = "Once upon a time there was a very long story that nobody ever heard to its end. " * 12


async def echo(transcript: list[ConversationMessage], session: SpeechEngineSession) -> None:
    """Answer in three chunks with what the user said."""

    async def words() -> AsyncIterator[str]:
        for word in ("You ", "said ", transcript[-1].content):
            yield word

    await session.send_response(words())


async def tell(transcript: list[ConversationMessage], session: SpeechEngineSession) -> None:
    """Echo, but to "story" tell one that is only ended by an interruption."""
    if transcript[-1].content != "story":
        await echo(transcript, session)
        return

    async def endless() -> AsyncIterator[str]:
        while True:
            for word in STORY.split(" "):
                yield f"{word} "
                await asyncio.sleep(0.005)

    await session.send_response(endless())


async def narrate(transcript: list[ConversationMessage], session: SpeechEngineSession) -> None:
    """Echo, but to "story" tell a long one at once."""
    answer = STORY if transcript[-1].content == "story" else f"You said {transcript[-1].content}"
    await session.send_response(answer)
