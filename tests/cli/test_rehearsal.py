from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from cli.rehearsal import Rehearsal

if TYPE_CHECKING:
    from speech_engine import SpeechEngineSession, Turn


class Audience:
    """Writes down what it hears."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.errors: list[Exception] = []
        self.has_ended = False
        self.turn_ended = asyncio.Event()

    def hear(self, text: str, *, is_first: bool) -> None:
        self.heard.append(f"{'first ' if is_first else ''}{text}")

    def end_turn(self, turn: Turn) -> None:
        self.turn_ended.set()

    def tell_error(self, error: Exception) -> None:
        self.errors.append(error)

    def tell_end(self) -> None:
        self.has_ended = True


async def test_rehearsal_tells_an_agent_that_it_is_late() -> None:
    """The clock runs as on the server: a turn without words for too long is told to the agent."""
    may_answer = asyncio.Event()

    async def on_transcript(_: object, session: SpeechEngineSession) -> None:
        await may_answer.wait()
        await session.send_response("Here.")

    async def on_first_chunk_late(_: Turn, session: SpeechEngineSession) -> None:
        await session.send_response("One moment. ")
        may_answer.set()

    audience = Audience()
    handlers = {"on_transcript": on_transcript, "on_first_chunk_late": on_first_chunk_late}
    rehearsal = Rehearsal(handlers, audience)
    rehearsal.open()
    rehearsal.say("hello")
    await asyncio.wait_for(audience.turn_ended.wait(), 10)
    await rehearsal.close()
    assert audience.heard == ["first One moment. ", "Here."]
    assert (audience.errors, audience.has_ended) == ([], False)


async def test_rehearsal_leaves_a_handler_behind_that_refuses_to_end() -> None:
    """The end of a conversation is bounded, whatever the agent does."""
    may_end = asyncio.Event()

    async def on_transcript(_: object, session: SpeechEngineSession) -> None:
        try:
            await session.send_response("hm")
            await may_end.wait()
        except asyncio.CancelledError:
            await may_end.wait()

    audience = Audience()
    rehearsal = Rehearsal({"on_transcript": on_transcript}, audience)
    rehearsal.open()
    rehearsal.say("hello")
    await asyncio.wait_for(rehearsal.close(), 5)
    assert audience.heard == ["first hm"]
    may_end.set()
