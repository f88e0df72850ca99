"""Handlers as a reader of the official quickstart writes them: one model call, streamed back.

Shapes and names follow https://elevenlabs.io/docs/eleven-agents/guides/speech-engine; nothing here
knows which server runs them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from openai.types.responses import EasyInputMessageParam


def as_input(message: Any) -> EasyInputMessageParam:
    """Return a message of the transcript as the model's interface wants it."""
    if message.role == "agent":
        return {"role": "assistant", "content": message.content}
    return {"role": "user", "content": message.content}


class Quickstart:
    """The handlers with their model client; `events` notes the calls."""

    def __init__(self, openai: AsyncOpenAI) -> None:
        self.openai = openai
        self.events: list[tuple[str, Any]] = []

    async def on_init(self, conversation_id: str, session: Any) -> None:
        """Note the start."""
        self.events.append(("init", conversation_id))

    async def on_transcript(self, transcript: list[Any], session: Any) -> None:
        """Answer with the model's stream, as it comes."""
        stream = await self.openai.responses.create(
            model="test",
            instructions="You are a helpful voice assistant.",
            input=[as_input(message) for message in transcript],
            stream=True,
        )
        await session.send_response(stream)

    async def on_close(self, session: Any) -> None:
        """Note the end."""
        self.events.append(("close", session.conversation_id))

    async def on_error(self, error: Exception, session: Any) -> None:
        """Note what went wrong."""
        self.events.append(("error", type(error).__name__))

    def handlers(self) -> dict[str, Any]:
        """Return the keyword arguments of a server."""
        names = ("on_init", "on_transcript", "on_close", "on_error")
        return {name: getattr(self, name) for name in names}
