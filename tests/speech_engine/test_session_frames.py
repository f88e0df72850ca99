"""Frames of every kind: what is wrong is told to on_error, and the conversation goes on."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from speech_engine import ConversationMessage, Limits, SpeechEngineResource, SpeechEngineSession
from tests.fakes.sockets import (
    PING,
    PONG,
    MockSocket,
    chunk,
    conversation,
    final,
    init,
    transcript,
    until,
)


async def echo(messages: list[ConversationMessage], session: SpeechEngineSession) -> None:
    await session.send_response(messages[-1].content if messages else "nothing")


BROKEN = {
    "empty": "",
    "text": "hello",
    "half": '{"type":"ping"',
    "null": "null",
    "array": "[1]",
    "string": '"ping"',
    "number": "7",
    "deep": "[" * 100_000,
    "deep object": '{"a":' * 100_000,
    "huge number": '{"type":"ping","n":' + "9" * 5000 + "}",
    "invalid UTF-8": b"\xff\xfe\xfd",
    "binary": bytes(range(256)),
}


@pytest.mark.parametrize("frame", BROKEN.values(), ids=BROKEN.keys())
async def test_frame_that_is_no_object_is_told_to_on_error(frame: str | bytes) -> None:
    """Junk is one error, and the next frame is handled as if it had not been there."""
    errors: list[Exception] = []
    async with conversation(
        init(),
        frame,
        transcript(1, "hi"),
        PING,
        on_transcript=echo,
        on_error=lambda error, _: errors.append(error),
    ) as (socket, _):
        await socket.received(chunk("hi", 1), final(1), PONG)
        assert len(errors) == 1


@pytest.mark.parametrize(
    "frame",
    [
        {},
        {"type": None},
        {"type": 5},
        {"type": ["ping"]},
        {"type": {"a": 1}},
        {"type": "audio"},
        {"type": "pong"},
        {"type": "agent_response", "content": "x", "event_id": 1, "is_final": True},
        {"kind": "ping"},
    ],
)
async def test_frame_of_an_unknown_type_is_ignored(frame: dict[str, Any]) -> None:
    """Types that a later protocol may bring are no errors."""
    errors: list[Exception] = []
    async with conversation(
        init(), frame, PING, on_error=lambda error, _: errors.append(error)
    ) as (socket, _):
        await socket.received(PONG)
        assert socket.sent == [PONG]
        assert errors == []


def item(**fields: Any) -> dict[str, Any]:
    return {"type": "user_transcript", "event_id": 1, "user_transcript": [fields]}


@pytest.mark.parametrize(
    "frame",
    [
        item(role="user", content=None),
        item(role="user", content=5),
        item(role="user", content=["a"]),
        item(role="user", content={"text": "a"}),
        item(role="user"),
        item(role=None, content="hi"),
        item(content="hi"),
        item(),
        {"type": "user_transcript", "event_id": 1},
        {"type": "user_transcript", "event_id": 1, "user_transcript": None},
        {"type": "user_transcript", "event_id": 1, "user_transcript": "hi"},
        {"type": "user_transcript", "event_id": 1, "user_transcript": {"role": "user"}},
        {"type": "user_transcript", "event_id": 1, "user_transcript": [None]},
        {"type": "user_transcript", "event_id": 1, "user_transcript": ["hi"]},
        {"type": "user_transcript", "event_id": "1", "user_transcript": []},
        {"type": "user_transcript", "event_id": 1.5, "user_transcript": []},
        {"type": "user_transcript", "event_id": True, "user_transcript": []},
        {"type": "user_transcript", "event_id": [1], "user_transcript": []},
    ],
)
async def test_transcript_that_is_broken_is_told_to_on_error(frame: dict[str, Any]) -> None:
    """A transcript with null, missing or mistyped fields is an error and ends nothing."""
    errors: list[Exception] = []
    async with conversation(
        init(), frame, on_transcript=echo, on_error=lambda error, _: errors.append(error)
    ) as (socket, session):
        await until(lambda: errors)
        socket.push(transcript(2, "hi"), PING)
        await socket.received(chunk("hi", 2), final(2), PONG)
        assert session.is_open


async def test_transcript_with_one_broken_message_keeps_the_others() -> None:
    """What can be read of a transcript reaches the agent, so that the user gets an answer."""
    errors: list[Exception] = []
    frame = transcript(1, "a", "b", "c")
    frame["user_transcript"][1]["content"] = None
    async with conversation(
        init(), frame, on_transcript=echo, on_error=lambda error, _: errors.append(error)
    ) as (socket, _):
        await socket.received(chunk("c", 1), final(1))
        assert len(errors) == 1


async def test_transcript_role_may_be_any_text() -> None:
    """Roles that the protocol does not name are passed on as they are."""
    seen: list[str] = []

    async def on_transcript(messages: list[ConversationMessage], _: Any) -> None:
        seen.extend(message.role for message in messages)

    frame = {
        "type": "user_transcript",
        "event_id": 1,
        "user_transcript": [{"role": "tool", "content": "x", "extra": 1}],
        "later": True,
    }
    async with conversation(init(), frame, on_transcript=on_transcript) as (socket, _):
        await socket.received(final(1))
        assert seen == ["tool"]


@pytest.mark.parametrize(
    ("frame", "text"),
    [
        ({"type": "error", "message": "quota"}, "quota"),
        ({"type": "error"}, ""),
        ({"type": "error", "message": None}, None),
        ({"type": "error", "message": {"a": 1}}, None),
    ],
)
async def test_error_frame_is_told_to_on_error(frame: dict[str, Any], text: str | None) -> None:
    """An error that the platform reports is an exception with its message; nothing ends."""
    errors: list[Exception] = []
    async with conversation(
        init(), frame, PING, on_error=lambda error, _: errors.append(error)
    ) as (socket, _):
        await socket.received(PONG)
        assert len(errors) == 1
        assert text is None or str(errors[0]) == text


async def test_binary_frame_is_read_like_a_text_frame() -> None:
    """JSON in a binary frame is as good as in a text frame."""
    frame = json.dumps(transcript(1, "grüß dich"), ensure_ascii=False).encode()
    async with conversation(init(), frame, on_transcript=echo) as (socket, _):
        await socket.received(chunk("grüß dich", 1), final(1))


async def test_init_makes_the_conversation_id_known() -> None:
    """The platform's id is None before `init` and known to every handler after it."""
    seen: list[str | None] = []

    async def on_init(conversation_id: str, session: SpeechEngineSession) -> None:
        seen.append(session.conversation_id)

    async with conversation(on_init=on_init) as (socket, session):
        assert session.conversation_id is None
        socket.push(init("conv_5"))
        await until(lambda: seen)
        assert seen == ["conv_5"]
        assert session.conversation_id == "conv_5"


@pytest.mark.parametrize("conversation_id", ["absent", None, 5, ["a"]])
async def test_init_without_a_usable_id_is_told_to_on_error(conversation_id: Any) -> None:
    """A conversation whose id is missing goes on without one."""
    errors: list[Exception] = []
    frame = {"type": "init", "conversation_id": conversation_id}
    if conversation_id == "absent":
        del frame["conversation_id"]
    async with conversation(
        frame,
        transcript(1, "hi"),
        on_transcript=echo,
        on_error=lambda error, _: errors.append(error),
    ) as (socket, session):
        await socket.received(final(1))
        assert len(errors) == 1
        assert session.conversation_id is None


async def test_transcript_before_init_is_answered() -> None:
    """A transcript does not have to wait for `init`."""
    async with conversation(transcript(1, "hi"), on_transcript=echo) as (socket, _):
        await socket.received(chunk("hi", 1), final(1))


async def test_history_beyond_the_limit_loses_its_oldest_messages() -> None:
    """The newest messages up to the limit reach the agent, without an error."""
    seen: list[list[str]] = []
    errors: list[Exception] = []

    async def on_transcript(messages: list[ConversationMessage], _: Any) -> None:
        seen.append([message.content for message in messages])

    async with conversation(
        init(),
        transcript(1, "a", "b", "c", "d", "e"),
        transcript(2, "a", "b", "c"),
        on_transcript=on_transcript,
        on_error=lambda error, _: errors.append(error),
        limits=Limits(max_history_messages=3),
    ) as (socket, _):
        await socket.received(final(2))
        assert seen == [["c", "d", "e"], ["a", "b", "c"]]
        assert errors == []


async def test_message_is_a_plain_object() -> None:
    """A message has role and content, compares by them and can be made by hand."""
    message = ConversationMessage(role="user", content="hi")
    assert (message.role, message.content) == ("user", "hi")
    assert message == ConversationMessage("user", "hi")
    assert message != ConversationMessage("agent", "hi")
    assert "hi" in repr(message)


class StarletteStyle:
    """A socket with Starlette's methods, fed by a list of its messages."""

    def __init__(self, *messages: dict[str, Any]) -> None:
        self.inner = MockSocket()
        self.messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        for message in messages:
            self.messages.put_nowait({"type": "websocket.receive", **message})
        self.closed: list[tuple[Any, ...]] = []

    async def receive(self) -> dict[str, Any]:
        return await self.messages.get()

    async def receive_text(self) -> str:
        message = await self.receive()
        if message["type"] == "websocket.disconnect":
            raise ConnectionError(message["code"])
        text: str = message["text"]
        return text

    async def send_text(self, data: str) -> None:
        await self.inner.send(data)

    async def close(self, code: int = 1000, reason: str | None = None) -> None:
        self.closed.append((code, reason))
        self.messages.put_nowait({"type": "websocket.disconnect", "code": code})


async def run_starlette(socket: StarletteStyle, *listeners: tuple[str, Any]) -> Any:
    session = SpeechEngineResource("seng_1").create_session(socket)
    for event, listener in listeners:
        session.on(event, listener)
    return session, asyncio.create_task(session.run())


async def test_starlette_socket_survives_binary_frames() -> None:
    """On Starlette's sockets a binary frame is a message, whether readable or not."""
    errors: list[Exception] = []
    socket = StarletteStyle(
        {"text": json.dumps(init())},
        {"bytes": b"\xff\x00"},
        {"text": None, "bytes": json.dumps(PING).encode()},
        {"text": "junk", "bytes": None},
        {"text": json.dumps(PING)},
    )
    session, running = await run_starlette(socket, ("error", errors.append))
    await until(lambda: socket.inner.sent == [PONG, PONG])
    assert len(errors) == 2
    assert session.is_open
    session.close()
    await asyncio.wait_for(running, 5)
    assert socket.closed[0][0] == 1000


async def test_starlette_socket_ends_with_its_close_code() -> None:
    """A disconnect on Starlette's sockets is one, and its code is known."""
    heard: list[str] = []
    socket = StarletteStyle({"text": json.dumps(init())})
    session, running = await run_starlette(socket, ("disconnected", lambda: heard.append("gone")))
    socket.messages.put_nowait({"type": "websocket.disconnect", "code": 1001})
    await asyncio.wait_for(running, 5)
    assert heard == ["gone"]
    assert session.close_code == 1001


async def test_starlette_socket_with_text_methods_only_is_enough() -> None:
    """Anything with receive_text, send_text and close is taken for such a socket."""

    class TextOnly:
        def __init__(self) -> None:
            self.inner = MockSocket(init(), PING)

        async def receive_text(self) -> str:
            text = await self.inner.recv()
            assert isinstance(text, str)
            return text

        async def send_text(self, data: str) -> None:
            await self.inner.send(data)

        async def close(self) -> None:
            await self.inner.close()

    socket: Any = TextOnly()
    _, running = await run_starlette(socket)
    await socket.inner.received(PONG)
    socket.inner.cut()
    await asyncio.wait_for(running, 5)


def test_socket_of_neither_kind_is_refused() -> None:
    """Something that is no socket is a TypeError that says what is missing."""
    with pytest.raises(TypeError, match="recv"):
        SpeechEngineResource("seng_1").create_session(object())
