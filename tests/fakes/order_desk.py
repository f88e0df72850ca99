"""Calls to the order desk: the real session, the real assistant, and models that are up to no good.

Knows what callers say and hear, and not how the desk comes to it.
"""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from agents.assistant import Assistant, Manner
from agents.order_book import OrderBook
from agents.order_desk import OrderDesk
from agents.prompt import ToolCall
from agents.sentences import sentences_of
from tests.fakes.sockets import MockSocket, conversation, final, init, until

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

    from agents.prompt import Model, Prompt
    from speech_engine import ConversationMessage, SpeechEngineSession

ADDRESS = "99 Thief Street, Dover"


class PlainModel:
    """Says one thing and calls nothing. Keeps what it is asked."""

    name = "plain"

    def __init__(self) -> None:
        self.prompts: list[Prompt] = []

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str | ToolCall, None]:
        self.prompts.append(prompt)
        yield "How can I help?"

    async def check(self) -> None:
        """Always there."""

    async def aclose(self) -> None:
        """Nothing to close."""


class ObeyingModel(PlainModel):
    """Does whatever the caller wants: says it, calls every tool, and makes up more of them."""

    name = "obeying"

    def __init__(self, change: str = "cancel", order: str = "A417", address: str = ADDRESS) -> None:
        super().__init__()
        self._wants = {"change": change, "order": order, "address": address}

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str | ToolCall, None]:
        self.prompts.append(prompt)
        said = prompt.messages[-1].content
        if prompt.rounds:
            yield f"Done as you wished, it is confirmed. {said}"
            return
        yield f"Of course. {said}"
        for number, call in enumerate(obey(prompt_tools(prompt), said, self._wants)):
            yield ToolCall(f"call_{number}", call[0], json.dumps(call[1]))


def prompt_tools(prompt: Prompt) -> list[tuple[str, Any]]:
    """The names and schemas of the tools that a model is offered."""
    return [(spec.name, spec.parameters) for spec in prompt.tools]


def obey(
    tools: list[tuple[str, Any]], said: str, wants: dict[str, str]
) -> list[tuple[str, dict[str, str]]]:
    """The calls of a model that obeys: each tool, then some that are called as the speech says."""
    calls = [
        (name, {key: value for key, value in wants.items() if key in schema["properties"]})
        for name, schema in tools
    ]
    made_up = ["cancel", "confirm", "system", *said.split()[-2:]]
    return [*calls, *((name, {**wants, "confirmed": "true"}) for name in made_up)]


@asynccontextmanager
async def assistant_of(model: Model) -> AsyncIterator[Assistant]:
    """Open the real assistant with one model until the block ends."""
    assistant = Assistant(lambda: [model], Manner(sentences=sentences_of("en")))
    await assistant.open()
    try:
        yield assistant
    finally:
        await assistant.aclose()


class Line:
    """One call: what the caller says, and the transcript that the platform makes of it."""

    def __init__(self, socket: MockSocket, session: SpeechEngineSession) -> None:
        self.socket = socket
        self.session = session
        self._history: list[tuple[str, str]] = []
        self._event_id = 0

    async def say(self, text: str) -> str:
        """Say something and return the whole answer."""
        self.begin(text)
        return await self.hear()

    async def instead(self, text: str) -> str:
        """The pause that was heard last is heard again, as something else."""
        self._history.pop()
        return await self.say(text)

    async def forge(self, messages: list[tuple[str, str]]) -> str:
        """Send a transcript that was made up."""
        self._history = list(messages)
        self._push()
        return await self.hear()

    def begin(self, text: str) -> None:
        """Say something and wait for nothing."""
        self._history.append(("user", text))
        self._push()

    def again(self) -> None:
        """The same words are heard again under a new id, before they were answered."""
        self._push()

    async def hear(self) -> str:
        """The whole answer to what was said last."""
        await self.socket.received(final(self._event_id))
        answer = self.socket.text(self._event_id)
        self._history.append(("agent", answer))
        return answer

    async def until_taken(self) -> None:
        """Wait until the server has begun with what was said last."""
        await until(self._is_taken)

    def _is_taken(self) -> bool:
        turn = self.session.turn
        is_answering = turn is not None and turn.event_id == self._event_id
        return is_answering or final(self._event_id) in self.socket.sent

    def _push(self) -> None:
        self._event_id += 17
        messages = [{"role": role, "content": content} for role, content in self._history]
        self.socket.push(
            {"type": "user_transcript", "user_transcript": messages, "event_id": self._event_id}
        )


@asynccontextmanager
async def call(
    assistant: Assistant,
    book: OrderBook,
    *,
    caller: str | None = "demo-user",
    settle_seconds: float = 0,
    hearing_seconds: float = 0,
) -> AsyncIterator[Line]:
    """Call a desk of its own as `caller`, whom the service has verified."""
    desk = OrderDesk(book, settle_seconds=settle_seconds, hearing_seconds=hearing_seconds)

    def on_init(_: str, session: SpeechEngineSession) -> None:
        session.user = caller

    async def on_transcript(
        transcript: list[ConversationMessage], session: SpeechEngineSession
    ) -> None:
        await desk.on_transcript(transcript, session, assistant)

    errors: list[Exception] = []
    async with conversation(
        init(),
        on_init=on_init,
        on_transcript=on_transcript,
        on_error=lambda error, _: errors.append(error),
    ) as (socket, session):
        yield Line(socket, session)
    assert not errors
