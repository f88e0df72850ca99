"""What `send_response` takes, and that streams are closed when nobody listens any more."""

from __future__ import annotations

import asyncio
import threading
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from openai.types.responses import ResponseTextDeltaEvent

from speech_engine import ConversationMessage, SpeechEngineResource, SpeechEngineSession, Turn
from tests.fakes.sockets import (
    CLOSE_FRAME,
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

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

Transcript = list[ConversationMessage]


class Stream:
    """A provider's stream: an async iterator that holds a connection until it is closed."""

    def __init__(self, *events: Any, hangs: bool = False, fails: bool = False) -> None:
        self.events = list(events)
        self.hangs = hangs
        self.fails = fails
        self.closed = 0

    def __aiter__(self) -> Stream:
        return self

    async def __anext__(self) -> Any:
        if self.events:
            return self.events.pop(0)
        if self.fails:
            raise OSError("provider went away")
        if self.hangs:
            await asyncio.Event().wait()
        raise StopAsyncIteration


class AcloseStream(Stream):
    """Closed like an async generator."""

    async def aclose(self) -> None:
        self.closed += 1


class CloseStream(Stream):
    """Closed like the stream objects of OpenAI and Anthropic."""

    async def close(self) -> None:
        self.closed += 1


class FailingCloseStream(AcloseStream):
    """Fails while it is closed."""

    async def aclose(self) -> None:
        await super().aclose()
        raise OSError("close failed")


STREAMS = pytest.mark.parametrize("kind", [AcloseStream, CloseStream, FailingCloseStream])


def delta(text: str) -> ResponseTextDeltaEvent:
    return ResponseTextDeltaEvent(
        type="response.output_text.delta",
        delta=text,
        content_index=0,
        item_id="i",
        logprobs=[],
        output_index=0,
        sequence_number=1,
    )


def respond(response: Any) -> Any:
    """Return a handler that sends `response`."""

    async def on_transcript(_: Transcript, session: SpeechEngineSession) -> None:
        await session.send_response(response)

    return on_transcript


async def agen(*items: Any) -> AsyncIterator[Any]:
    for item in items:
        await asyncio.sleep(0)
        yield item


def gen(*items: Any) -> Iterator[Any]:
    yield from items


class Sequence:
    """A plain iterable that is no list."""

    def __init__(self, *items: Any) -> None:
        self.items = items

    def __iter__(self) -> Iterator[Any]:
        return iter(self.items)


@pytest.mark.parametrize("make", [agen, gen, Sequence, Stream, lambda *items: list(items)])
async def test_answer_may_be_any_kind_of_iterable(make: Any) -> None:
    """Async and plain iterables are streamed, their events read, empty and unknown ones skipped."""
    response = make("a", "", None, 7, {"type": "ping"}, delta("b"), {"x": 1}, delta(""), "c")
    async with conversation(init(), transcript(1), on_transcript=respond(response)) as (socket, _):
        await socket.received(final(1))
        assert socket.sent == [chunk("a", 1), chunk("b", 1), chunk("c", 1), final(1)]


async def test_answer_may_be_a_string() -> None:
    """A string is sent as one chunk and a final frame, whatever characters it has."""
    text = 'naïve "quoted" \\ \n\t\x00   😀 \ud800'
    async with conversation(init(), transcript(1), on_transcript=respond(text)) as (socket, _):
        await socket.received(final(1))
        assert socket.sent == [chunk(text, 1), final(1)]


async def test_answer_that_is_an_empty_string_ends_the_turn() -> None:
    """An empty answer has no text and ends the turn."""
    async with conversation(init(), transcript(1), on_transcript=respond("")) as (socket, _):
        await socket.received(final(1))
        assert socket.text(1) == ""


@pytest.mark.parametrize("response", [None, 5, object()])
async def test_answer_of_no_usable_kind_is_told_to_on_error(response: Any) -> None:
    """Something that is no answer at all is told to on_error, and the turn still ends."""
    errors: list[Exception] = []
    async with conversation(
        init(),
        transcript(1),
        on_transcript=respond(response),
        on_error=lambda error, _: errors.append(error),
    ) as (socket, _):
        await socket.received(final(1))
        await until(lambda: errors)
        assert isinstance(errors[0], TypeError)


async def test_answer_in_two_parts_is_sent_whole() -> None:
    """Two answers in one turn both reach the platform, in order."""

    async def on_transcript(_: Transcript, session: SpeechEngineSession) -> None:
        await session.send_response("one ")
        await session.send_response(agen("two ", "three"))

    async with conversation(init(), transcript(1), on_transcript=on_transcript) as (socket, _):
        await until(lambda: socket.text(1) == "one two three")
        await until(lambda: socket.sent[-1] == final(1))


async def test_answer_is_streamed_as_it_comes() -> None:
    """A chunk leaves before the next one is there."""
    steps: asyncio.Queue[str | None] = asyncio.Queue()

    async def words() -> AsyncIterator[str]:
        while (word := await steps.get()) is not None:
            yield word

    async with conversation(init(), transcript(1), on_transcript=respond(words())) as (socket, _):
        for word in ("a", "b", "c"):
            steps.put_nowait(word)
            await socket.received(chunk(word, 1))
        steps.put_nowait(None)
        await socket.received(final(1))


@STREAMS
async def test_stream_is_closed_when_its_turn_is_superseded(kind: type[Stream]) -> None:
    """The stream of an interrupted turn is closed, not left to the garbage collector."""
    stream = kind("a", hangs=True)

    async def on_transcript(messages: Transcript, session: SpeechEngineSession) -> None:
        await session.send_response(stream if messages[0].content == "first" else "second")

    async with conversation(init(), transcript(1, "first"), on_transcript=on_transcript) as (
        socket,
        _,
    ):
        await socket.received(chunk("a", 1))
        socket.push(transcript(2, "second"))
        await socket.received(final(2))
        await until(lambda: stream.closed == 1)
        assert socket.answers(1) == [chunk("a", 1)]


@STREAMS
@pytest.mark.parametrize("end", ["close", "cut", "session.close"])
async def test_stream_is_closed_when_the_conversation_ends(kind: type[Stream], end: str) -> None:
    """However a conversation ends, the stream that was being sent is closed."""
    stream = kind("a", hangs=True)
    async with conversation(init(), transcript(1), on_transcript=respond(stream)) as (
        socket,
        session,
    ):
        await socket.received(chunk("a", 1))
        if end == "close":
            socket.push(CLOSE_FRAME)
        elif end == "cut":
            socket.cut()
        else:
            session.close()
        await until(lambda: stream.closed == 1)


@STREAMS
@pytest.mark.parametrize("fails", [True, False])
async def test_stream_is_closed_after_its_end(kind: type[Stream], fails: bool) -> None:
    """A stream that ended or failed is closed all the same."""
    stream = kind("a", fails=fails)
    async with conversation(init(), transcript(1), on_transcript=respond(stream)) as (socket, _):
        await socket.received(final(1))
        await until(lambda: stream.closed >= 1)
        assert socket.sent == [chunk("a", 1), final(1)]


async def test_stream_that_is_an_async_generator_runs_its_cleanup() -> None:
    """An interrupted async generator has run its `finally` before anybody collects it."""
    cleaned = asyncio.Event()

    async def words() -> AsyncIterator[str]:
        try:
            yield "a"
            await asyncio.Event().wait()
        finally:
            cleaned.set()

    async with conversation(init(), transcript(1), on_transcript=respond(words())) as (socket, _):
        await socket.received(chunk("a", 1))
        socket.push(transcript(2))
        await asyncio.wait_for(cleaned.wait(), 5)


async def test_stream_whose_iterator_is_another_object_is_closed() -> None:
    """A stream object whose `__aiter__` hands out a generator is closed itself."""

    class Response:
        closed = 0

        async def __aiter__(self) -> AsyncIterator[str]:
            yield "a"
            await asyncio.Event().wait()

        async def close(self) -> None:
            self.closed += 1

    response = Response()
    async with conversation(init(), transcript(1), on_transcript=respond(response)) as (socket, _):
        await socket.received(chunk("a", 1))
        socket.push(transcript(2), PING)
        await socket.received(PONG)
        await until(lambda: response.closed == 1)


async def test_stream_that_is_a_plain_generator_is_closed_when_superseded() -> None:
    """The connection behind a provider's synchronous stream is released, too."""
    closed = threading.Event()
    release = threading.Event()

    def words() -> Iterator[str]:
        try:
            yield "a"
            release.wait(10)
            yield "b"
        finally:
            closed.set()

    def on_transcript(messages: Transcript, _: SpeechEngineSession) -> Any:
        return words() if messages[0].content == "first" else "second"

    async with conversation(init(), transcript(1, "first"), on_transcript=on_transcript) as (
        socket,
        _,
    ):
        await socket.received(chunk("a", 1))
        socket.push(transcript(2, "second"))
        await socket.received(final(2))
        release.set()
        await until(closed.is_set)
        assert socket.answers(1) == [chunk("a", 1)]


async def test_stream_that_ignores_cancellation_sends_nothing_more() -> None:
    """A stream that swallows its cancellation and goes on is no longer heard, and is closed."""
    went_on = asyncio.Event()
    cleaned = asyncio.Event()

    async def words() -> AsyncIterator[str]:
        yield "a"
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            went_on.set()
        try:
            while True:
                yield "stale"
        finally:
            cleaned.set()

    async def on_transcript(messages: Transcript, session: SpeechEngineSession) -> None:
        await session.send_response(words() if messages[0].content == "first" else "second")

    async with conversation(init(), transcript(1, "first"), on_transcript=on_transcript) as (
        socket,
        _,
    ):
        await socket.received(chunk("a", 1))
        socket.push(transcript(2, "second"))
        await asyncio.wait_for(went_on.wait(), 5)
        await asyncio.wait_for(cleaned.wait(), 5)
        await socket.received(final(2))
        assert socket.sent == [chunk("a", 1), chunk("second", 2), final(2)]


async def test_response_outside_of_a_turn_sends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """Before any transcript there is nothing to answer: a warning, no frame, no error."""

    async def on_init(_: str, session: SpeechEngineSession) -> None:
        await session.send_response("too early")

    async with conversation(init(), PING, on_init=on_init) as (socket, _):
        await socket.received(PONG)
        await until(lambda: "send_response" in caplog.text)
        assert socket.sent == [PONG]
        assert "too early" not in caplog.text


async def test_response_after_the_turn_sends_nothing() -> None:
    """A task that answers after its turn has ended is not heard, and its stream is closed."""
    stream = AcloseStream("late")
    tasks: list[asyncio.Task[None]] = []
    release = asyncio.Event()

    async def answer_late(session: SpeechEngineSession) -> None:
        await release.wait()
        await session.send_response(stream)

    async def on_transcript(_: Transcript, session: SpeechEngineSession) -> None:
        tasks.append(asyncio.create_task(answer_late(session)))
        await session.send_response("in time")

    async with conversation(init(), transcript(1), on_transcript=on_transcript) as (socket, _):
        await socket.received(final(1))
        release.set()
        await asyncio.wait_for(tasks[0], 5)
        assert socket.sent == [chunk("in time", 1), final(1)]
        assert stream.closed == 1


async def test_response_from_a_spawned_task_is_part_of_the_running_turn() -> None:
    """While its handler waits for it, a task may answer for the turn."""

    async def on_transcript(_: Transcript, session: SpeechEngineSession) -> None:
        await asyncio.create_task(session.send_response(agen("a", "b")))

    async with conversation(init(), transcript(1), on_transcript=on_transcript) as (socket, _):
        await socket.received(final(1))
        assert socket.sent == [chunk("a", 1), chunk("b", 1), final(1)]


async def test_response_after_the_end_raises() -> None:
    """A closed session cannot answer, and says so in the official SDK's words."""
    socket = MockSocket(init(), CLOSE_FRAME)
    session = SpeechEngineResource("seng_1").create_session(socket)
    await asyncio.wait_for(session.run(), 5)
    stream = AcloseStream("a")
    with pytest.raises(RuntimeError, match="Cannot send response: session is closed"):
        await session.send_response(stream)
    assert stream.closed == 1


async def test_response_to_a_socket_that_fails_ends_the_turn_quietly() -> None:
    """A send that fails is left to the receiving side: no error, no hanging turn."""

    class Failing(MockSocket):
        async def send(self, data: str) -> None:
            raise ConnectionError("gone")

    ended: list[Turn] = []
    errors: list[Exception] = []
    async with conversation(
        socket=Failing(init(), transcript(1)),
        on_transcript=respond(agen("a", "b")),
        on_turn_ended=lambda turn, _: ended.append(turn),
        on_error=lambda error, _: errors.append(error),
    ):
        await until(lambda: ended)
        assert errors == []


async def test_response_waits_for_a_slow_socket() -> None:
    """A socket that takes its time makes the stream wait: nothing piles up."""
    produced = 0

    class Slow(MockSocket):
        def __init__(self, *frames: Any) -> None:
            super().__init__(*frames)
            self.gate = asyncio.Semaphore(0)

        async def send(self, data: str) -> None:
            await self.gate.acquire()
            await super().send(data)

    async def words() -> AsyncIterator[str]:
        nonlocal produced
        for _ in range(500):
            produced += 1
            yield "x"

    socket = Slow(init(), transcript(1))

    def has_sent(frames: int) -> bool:
        return len(socket.sent) == frames

    async with conversation(socket=socket, on_transcript=respond(words())):
        for sent in range(1, 20):
            socket.gate.release()
            await until(partial(has_sent, sent))
            assert produced <= sent + 2
        for _ in range(1000):
            socket.gate.release()
        await socket.received(final(1))
        assert socket.text(1) == "x" * 500


async def test_response_whose_task_is_cancelled_closes_its_stream_and_spoils_nothing() -> None:
    """A handler may give up an answer that a task of its own sends, and send another instead."""
    stream = AcloseStream("a", hangs=True)

    async def on_transcript(_: Transcript, session: SpeechEngineSession) -> None:
        task = asyncio.create_task(session.send_response(stream))
        await until(lambda: session.turn is not None and session.turn.chunks == 1)
        task.cancel()
        await asyncio.wait([task])
        await session.send_response("b")

    async with conversation(init(), transcript(1), on_transcript=on_transcript) as (socket, _):
        await socket.received(final(1))
        await until(lambda: stream.closed == 1)
        await until(lambda: socket.sent == [chunk("a", 1), chunk("b", 1), final(1)])
