"""Handlers as the official documentation writes them, run unchanged.

The handlers below keep the shape of the quickstart: what imports the SDK imports `speech_engine`,
and the lines that build a client and get the engine are one `SpeechEngineResource`. OpenAI is
reached through its own client, whose HTTP transport answers from memory.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from openai import AsyncOpenAI
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from speech_engine import ConversationMessage, SpeechEngineResource, SpeechEngineServer
from tests.fakes.sockets import (
    CLOSE_FRAME,
    MockSocket,
    chunk,
    final,
    init,
    serving,
    transcript,
    until,
)
from tests.fakes.tokens import API_KEY, authorization

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable


class EventStream(httpx2.AsyncByteStream):
    """The body of a streamed OpenAI response; knows whether it was closed."""

    def __init__(self, words: Iterable[str], *, hangs: bool) -> None:
        self.words = list(words)
        self.hangs = hangs
        self.closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self.event("response.created", response={"id": "r"})
        for word in self.words:
            yield self.event(
                "response.output_text.delta",
                item_id="i",
                output_index=0,
                content_index=0,
                logprobs=[],
                delta=word,
            )
        if self.hangs:
            await asyncio.Event().wait()
        yield self.event("response.completed", response={"id": "r"})

    async def aclose(self) -> None:
        self.closed = True

    @staticmethod
    def event(kind: str, **fields: Any) -> bytes:
        data = {"type": kind, "sequence_number": 1, **fields}
        return f"event: {kind}\ndata: {json.dumps(data)}\n\n".encode()


class FakeOpenAI:
    """OpenAI's HTTP endpoint in memory: echoes the last input, and hangs when asked to wait."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.streams: list[EventStream] = []
        transport = httpx2.MockTransport(self.respond)
        self.client = AsyncOpenAI(
            api_key="sk_test_openai",
            max_retries=0,
            http_client=httpx2.AsyncClient(transport=transport),
        )

    async def respond(self, request: httpx2.Request) -> httpx2.Response:
        body = json.loads(request.content)
        self.requests.append(body)
        text = body["input"][-1]["content"]
        if text == "refuse":
            return httpx2.Response(500, json={"error": {"message": "no"}})
        stream = EventStream(text.split(" "), hangs=text == "wait")
        self.streams.append(stream)
        return httpx2.Response(200, headers={"content-type": "text/event-stream"}, stream=stream)


class Quickstart:
    """The documented handlers, with a list in the place of their prints."""

    def __init__(self, openai: AsyncOpenAI) -> None:
        self.openai = openai
        self.printed: list[str] = []

    async def on_init(self, conversation_id: str, session: Any) -> None:
        self.printed.append(f"started {conversation_id}")

    async def on_transcript(self, transcript: list[ConversationMessage], session: Any) -> None:
        stream: Any = await self.openai.responses.create(
            model="gpt-4o",
            input=[
                {
                    "role": "user" if message.role == "user" else "assistant",
                    "content": message.content,
                }
                for message in transcript
            ],
            stream=True,
        )
        await session.send_response(stream)

    async def on_close(self, session: Any) -> None:
        self.printed.append(f"closed {session.conversation_id}")

    async def on_error(self, error: Exception, session: Any) -> None:
        self.printed.append(f"error {type(error).__name__}")

    @property
    def handlers(self) -> Any:
        return {
            "on_init": self.on_init,
            "on_transcript": self.on_transcript,
            "on_close": self.on_close,
            "on_error": self.on_error,
        }


@pytest.fixture
def openai() -> FakeOpenAI:
    return FakeOpenAI()


async def test_quickstart_holds_a_conversation(openai: FakeOpenAI) -> None:
    """The documented handlers stream an OpenAI response through a real socket."""
    quickstart = Quickstart(openai.client)
    async with serving(debug=False, **quickstart.handlers) as server:
        port = server.sockets[0].getsockname()[1]
        async with connect(
            f"ws://127.0.0.1:{port}/ws", additional_headers=authorization(), proxy=None
        ) as client:
            await client.send(json.dumps(init("conv_q")))
            await client.send(json.dumps(transcript(5, "Hello!", "how are you")))
            heard = [json.loads(await client.recv()) for _ in range(4)]
            assert heard == [chunk("how", 5), chunk("are", 5), chunk("you", 5), final(5)]
            await client.send(json.dumps(CLOSE_FRAME))
            with pytest.raises(ConnectionClosed):
                await client.recv()
        await until(lambda: len(quickstart.printed) == 2)
    assert quickstart.printed == ["started conv_q", "closed conv_q"]
    assert openai.requests[0]["input"] == [
        {"role": "assistant", "content": "Hello!"},
        {"role": "user", "content": "how are you"},
    ]


async def test_quickstart_that_is_interrupted_closes_its_stream(openai: FakeOpenAI) -> None:
    """When the user speaks again, OpenAI's HTTP stream is closed, and the new answer follows."""
    quickstart = Quickstart(openai.client)
    socket = MockSocket(init(), transcript(1, "wait"))
    session = SpeechEngineServer(**quickstart.handlers).handle_connection(socket)
    running = asyncio.create_task(session.run())
    await socket.received(chunk("wait", 1))
    socket.push(transcript(2, "go"))
    await socket.received(chunk("go", 2), final(2))
    await until(lambda: openai.streams[0].closed)
    assert socket.answers(1) == [chunk("wait", 1)]
    assert [entry for entry in quickstart.printed if entry.startswith("error")] == []
    socket.push(CLOSE_FRAME)
    await asyncio.wait_for(running, 5)


async def test_quickstart_whose_provider_fails_tells_on_error(openai: FakeOpenAI) -> None:
    """A provider's error reaches on_error, the turn ends, and the next one is answered."""
    quickstart = Quickstart(openai.client)
    socket = MockSocket(init(), transcript(1, "refuse"))
    session = SpeechEngineServer(**quickstart.handlers).handle_connection(socket)
    running = asyncio.create_task(session.run())
    await socket.received(final(1))
    await until(lambda: "error InternalServerError" in quickstart.printed)
    socket.push(transcript(2, "again"))
    await socket.received(chunk("again", 2), final(2))
    socket.push(CLOSE_FRAME)
    await asyncio.wait_for(running, 5)


async def test_quickstart_in_the_listener_style_works(openai: FakeOpenAI) -> None:
    """The documented manual style, `create_session` and `session.on`, works as well."""
    socket = MockSocket(init(), transcript(1, "hi there"))
    session = SpeechEngineResource("seng_1", api_key=API_KEY).create_session(socket)

    async def handle(messages: list[ConversationMessage]) -> None:
        stream: Any = await openai.client.responses.create(
            model="gpt-4o", input=[{"role": "user", "content": messages[-1].content}], stream=True
        )
        await session.send_response(stream)
        socket.push(CLOSE_FRAME)

    session.on("user_transcript", handle)
    await asyncio.wait_for(session.run(), 5)
    assert socket.sent == [chunk("hi", 1), chunk("there", 1), final(1)]
