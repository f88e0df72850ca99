"""Which transcript starts a turn, supersedes one, repeats one or is too old, and how turns end."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest

from speech_engine import TURN_ENDED, ConversationMessage, SpeechEngineSession, Turn
from tests.fakes.sockets import (
    CLOSE_FRAME,
    PING,
    PONG,
    chunk,
    conversation,
    final,
    init,
    raw_client,
    serving,
    transcript,
    until,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

Transcript = list[ConversationMessage]


class Agent:
    """Answers with the last text and counts its calls; "wait" in the text makes it hang."""

    def __init__(self) -> None:
        self.calls: list[Transcript] = []
        self.cancelled = 0
        self.ended: list[Turn] = []
        self.errors: list[Exception] = []

    async def on_transcript(self, messages: Transcript, session: SpeechEngineSession) -> None:
        self.calls.append(messages)
        text = messages[-1].content
        await session.send_response(self.words(text))

    async def words(self, text: str) -> Any:
        yield f"<{text}"
        if "wait" in text:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                self.cancelled += 1
                raise
        if "fail" in text:
            raise LookupError(text)
        yield ">"

    def on_turn_ended(self, turn: Turn, _: SpeechEngineSession) -> None:
        self.ended.append(turn)

    def on_error(self, error: Exception, _: SpeechEngineSession) -> None:
        self.errors.append(error)

    @property
    def handlers(self) -> dict[str, Any]:
        return {
            "on_transcript": self.on_transcript,
            "on_turn_ended": self.on_turn_ended,
            "on_error": self.on_error,
        }


async def test_turn_is_answered_in_chunks_and_a_final_frame() -> None:
    """A turn's answer goes out chunk by chunk under its id, and ends with one final frame."""
    agent = Agent()
    async with conversation(init(), transcript(26, "hi"), **agent.handlers) as (socket, _):
        await socket.received(final(26))
        assert socket.sent == [chunk("<hi", 26), chunk(">", 26), final(26)]


async def test_turn_gets_the_whole_history() -> None:
    """The handler sees every message, oldest first, with role and content."""
    agent = Agent()
    async with conversation(
        init(), transcript(1, "Hello", "one", "two", "three"), **agent.handlers
    ) as (socket, _):
        await socket.received(final(1))
    assert [(message.role, message.content) for message in agent.calls[0]] == [
        ("agent", "Hello"),
        ("user", "one"),
        ("agent", "two"),
        ("user", "three"),
    ]


async def test_turn_supersedes_the_one_that_runs() -> None:
    """A newer transcript cancels the running handler, which sends nothing more, not even final."""
    agent = Agent()
    async with conversation(init(), transcript(1, "wait"), **agent.handlers) as (socket, _):
        await socket.received(chunk("<wait", 1))
        socket.push(transcript(2, "next"))
        await socket.received(final(2))
        assert socket.answers(1) == [chunk("<wait", 1)]
        assert agent.cancelled == 1
        assert [turn.outcome for turn in agent.ended] == ["interrupted", "complete"]


async def test_turn_superseded_sends_nothing_from_tasks_it_spawned() -> None:
    """A task that a superseded handler left behind can send nothing, in neither turn's name."""
    release = asyncio.Event()
    tasks: list[asyncio.Task[None]] = []

    async def on_transcript(messages: Transcript, session: SpeechEngineSession) -> None:
        if messages[-1].content == "first":
            tasks.append(asyncio.create_task(answer_late(session)))
            await asyncio.Event().wait()
        release.set()
        await session.send_response("second")

    async def answer_late(session: SpeechEngineSession) -> None:
        await release.wait()
        await session.send_response("stale")
        await session.send_response(stale_words())

    async def stale_words() -> Any:
        yield "stale"

    async with conversation(init(), transcript(1, "first"), on_transcript=on_transcript) as (
        socket,
        _,
    ):
        await until(lambda: tasks)
        socket.push(transcript(2, "second"))
        await socket.received(final(2))
        await asyncio.wait(tasks)
        assert socket.sent == [chunk("second", 2), final(2)]


async def test_turn_superseded_stops_a_stream_that_a_spawned_task_sends() -> None:
    """A stream that a spawned task is sending for a superseded turn stops and is closed."""
    closed = asyncio.Event()
    tasks: list[asyncio.Task[None]] = []

    async def endless() -> Any:
        try:
            while True:
                yield "x"
                await asyncio.sleep(0)
        finally:
            closed.set()

    async def on_transcript(messages: Transcript, session: SpeechEngineSession) -> None:
        if messages[-1].content == "first":
            tasks.append(asyncio.create_task(session.send_response(endless())))
            await asyncio.Event().wait()
        await session.send_response("second")

    async with conversation(init(), transcript(1, "first"), on_transcript=on_transcript) as (
        socket,
        _,
    ):
        await socket.received(chunk("x", 1))
        socket.push(transcript(2, "second"))
        await socket.received(final(2))
        await asyncio.wait_for(closed.wait(), 5)
        first_of_second = socket.sent.index(chunk("second", 2))
        assert chunk("x", 1) not in socket.sent[first_of_second:]
        assert final(1) not in socket.sent


async def test_turn_superseded_sends_nothing_although_it_suppresses_cancellation() -> None:
    """A handler that swallows its cancellation goes on for itself, but is no longer heard."""
    survived = asyncio.Event()

    async def on_transcript(messages: Transcript, session: SpeechEngineSession) -> None:
        if messages[-1].content == "stubborn":
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                await session.send_response("stale")
                survived.set()
            return
        await session.send_response("fresh")

    async with conversation(init(), transcript(1, "stubborn"), on_transcript=on_transcript) as (
        socket,
        session,
    ):
        await until(lambda: session.turn is not None)
        socket.push(transcript(2, "next"))
        await socket.received(final(2))
        await asyncio.wait_for(survived.wait(), 5)
        assert socket.sent == [chunk("fresh", 2), final(2)]


@pytest.mark.parametrize("stale", [25, 0, -1])
async def test_turn_with_a_lower_id_is_ignored(stale: int) -> None:
    """An older transcript that comes again neither runs nor interrupts the newer turn."""
    agent = Agent()
    async with conversation(init(), transcript(26, "wait"), **agent.handlers) as (socket, _):
        await socket.received(chunk("<wait", 26))
        socket.push(transcript(stale, "old"), PING)
        await socket.received(PONG)
        assert len(agent.calls) == 1
        assert agent.cancelled == 0
        assert socket.answers(stale) == []


async def test_turn_with_a_lower_id_is_ignored_after_the_newer_one_ended() -> None:
    """An older transcript that comes again after a newer answer is not answered."""
    agent = Agent()
    async with conversation(init(), transcript(43, "a"), transcript(45, "b"), **agent.handlers) as (
        socket,
        _,
    ):
        await socket.received(final(45))
        before = list(socket.sent)
        socket.push(transcript(43, "a"), PING)
        await socket.received(PONG)
        assert socket.sent == [*before, PONG]
        assert len(agent.calls) == 2


async def test_turn_sent_again_while_it_runs_runs_once() -> None:
    """The same id while its handler runs changes nothing."""
    agent = Agent()
    async with conversation(init(), transcript(3, "wait"), **agent.handlers) as (socket, _):
        await socket.received(chunk("<wait", 3))
        socket.push(transcript(3, "wait"), transcript(3, "wait"), PING)
        await socket.received(PONG)
        assert len(agent.calls) == 1
        assert agent.cancelled == 0
        assert socket.sent == [chunk("<wait", 3), PONG]


async def test_turn_sent_again_after_it_ended_gets_the_same_answer() -> None:
    """The same id after its end gets the answer again, without running the handler."""
    agent = Agent()
    async with conversation(init(), transcript(3, "hi"), **agent.handlers) as (socket, _):
        await socket.received(final(3))
        for repeat in (1, 2):
            socket.sent.clear()
            socket.push(transcript(3, "hi"))
            await socket.received(final(3))
            assert socket.text(3) == "<hi>", f"repeat {repeat}"
            assert socket.answers(3)[-1] == final(3)
        assert len(agent.calls) == 1


async def test_turn_sent_again_after_it_failed_does_not_run_again() -> None:
    """A failed turn's id gets what was sent, and a final frame, without a second run."""
    agent = Agent()
    async with conversation(init(), transcript(3, "fail"), **agent.handlers) as (socket, _):
        await socket.received(final(3))
        socket.sent.clear()
        socket.push(transcript(3, "fail"))
        await socket.received(final(3))
        assert len(agent.calls) == 1


async def test_turn_after_a_repeated_one_runs() -> None:
    """A repeated answer is out of the way of the next turn."""
    agent = Agent()
    async with conversation(
        init(), transcript(3, "a"), transcript(3, "a"), transcript(4, "b"), **agent.handlers
    ) as (socket, _):
        await socket.received(final(4))
        assert [messages[-1].content for messages in agent.calls] == ["a", "b"]


@pytest.mark.parametrize("event_id", [None, "absent"])
async def test_turn_without_an_id_is_a_turn_of_its_own(event_id: str | None) -> None:
    """Transcripts without an id are never taken for repeated ones; replies carry a null id."""
    agent = Agent()
    frame = transcript(None, "hi")
    if event_id == "absent":
        del frame["event_id"]
    async with conversation(init(), frame, **agent.handlers) as (socket, _):
        await socket.received(final(None))
        socket.push(frame)
        await until(lambda: socket.sent.count(final(None)) == 2)
        assert len(agent.calls) == 2


async def test_turn_whose_handler_raises_ends_with_a_final_frame() -> None:
    """A handler that fails is told to on_error, and its turn still ends with a final frame."""
    errors: list[Exception] = []

    async def on_transcript(*_: Any) -> None:
        raise LookupError("no model")

    def on_error(error: Exception, _: Any) -> None:
        errors.append(error)

    async with conversation(
        init(), transcript(7), on_transcript=on_transcript, on_error=on_error
    ) as (socket, _):
        await socket.received(final(7))
        assert socket.sent == [final(7)]
        assert [type(error) for error in errors] == [LookupError]


async def test_turn_whose_stream_raises_ends_with_a_final_frame() -> None:
    """A stream that breaks off is told to on_error once, and one final frame ends the turn."""
    agent = Agent()
    async with conversation(init(), transcript(7, "fail"), **agent.handlers) as (socket, _):
        await socket.received(final(7))
        await until(lambda: agent.ended)
        assert socket.sent == [chunk("<fail", 7), final(7)]
        assert [type(error) for error in agent.errors] == [LookupError]
        assert agent.ended[0].outcome == "failed"


async def test_turn_whose_handler_sends_nothing_ends_with_a_final_frame() -> None:
    """A handler that has nothing to say still ends its turn, or it would be asked again."""

    async def on_transcript(*_: Any) -> None:
        """Say nothing."""

    async with conversation(init(), transcript(7), on_transcript=on_transcript) as (socket, _):
        await socket.received(final(7))
        assert socket.sent == [final(7)]


async def test_turn_records_what_it_was() -> None:
    """What it answered, id, times, chunks and outcome of a turn are known when it has ended."""
    agent = Agent()
    async with conversation(init(), transcript(9, "hi"), **agent.handlers) as (_, session):
        await until(lambda: agent.ended)
        turn = agent.ended[0]
        assert (turn.event_id, turn.chunks, turn.outcome) == (9, 2, "complete")
        assert turn.transcript == (ConversationMessage("user", "hi"),)
        assert turn.first_chunk_at is not None
        assert turn.ended_at is not None
        now = asyncio.get_running_loop().time()
        assert now - 10 < turn.started_at <= turn.first_chunk_at <= turn.ended_at <= now
        assert not turn.cancelled
        assert session.turn is None


async def test_turn_is_open_while_its_handler_runs() -> None:
    """The session shows the running turn, without an outcome."""
    agent = Agent()
    async with conversation(init(), transcript(9, "wait"), **agent.handlers) as (socket, session):
        await socket.received(chunk("<wait", 9))
        turn = session.turn
        assert turn is not None
        assert (turn.event_id, turn.outcome, turn.ended_at) == (9, None, None)


async def test_turn_ended_is_emitted_to_listeners_too() -> None:
    """The raw event of a turn's end carries the turn alone."""
    ended: list[Turn] = []
    agent = Agent()
    async with conversation(on_transcript=agent.on_transcript) as (socket, session):
        session.on(TURN_ENDED, ended.append)
        socket.push(init(), transcript(9, "hi"))
        await until(lambda: ended)
        assert ended[0].outcome == "complete"


async def test_turn_is_closed_when_the_conversation_ends() -> None:
    """A close frame cancels the running handler; its turn's outcome says closed."""
    agent = Agent()
    async with conversation(init(), transcript(1, "wait"), **agent.handlers) as (socket, _):
        await socket.received(chunk("<wait", 1))
        socket.push(CLOSE_FRAME)
        await until(lambda: agent.ended)
        assert agent.ended[0].outcome == "closed"
        await until(lambda: agent.cancelled)
        assert socket.sent == [chunk("<wait", 1)]


async def test_turn_of_a_handler_that_never_suspends_is_answered_before_the_next_frame() -> None:
    """With all frames waiting, each answer is complete before the next frame is handled."""
    agent = Agent()
    frames = [frame for event_id in range(1, 6) for frame in (transcript(event_id, "x"), PING)]
    async with conversation(init(), *frames, **agent.handlers) as (socket, _):
        await until(lambda: socket.sent.count(PONG) == 5)
        await socket.received(final(5))
        answers = [frame for frame in socket.sent if frame != PONG]
        assert answers == [
            frame
            for event_id in range(1, 6)
            for frame in (chunk("<x", event_id), chunk(">", event_id), final(event_id))
        ]
        assert len(agent.calls) == 5


async def test_turn_of_a_handler_that_sends_a_string_is_answered_before_the_next_frame() -> None:
    """The same for the simplest handler there is, on a socket that never makes it wait."""

    async def on_transcript(messages: Transcript, session: SpeechEngineSession) -> None:
        await session.send_response(messages[-1].content)

    frames = [transcript(event_id, f"t{event_id}") for event_id in range(1, 4)]
    async with conversation(init(), *frames, CLOSE_FRAME, on_transcript=on_transcript) as (
        socket,
        session,
    ):
        await until(lambda: not session.is_open)
        assert socket.sent == [
            frame
            for event_id in range(1, 4)
            for frame in (chunk(f"t{event_id}", event_id), final(event_id))
        ]


async def test_handlers_may_share_what_they_wait_for() -> None:
    """Handlers whose first step awaits the same future all go on when it is done."""
    shared = asyncio.get_running_loop().create_future()

    async def on_transcript(_: Any, session: SpeechEngineSession) -> None:
        await shared
        await session.send_response("ready")

    async def on_init(*_: Any) -> None:
        await shared

    handlers = {"on_transcript": on_transcript, "on_init": on_init}
    async with serving(**handlers) as server, raw_client(server) as client:
        await client.send(init(), transcript(1, "a"))
        asyncio.get_running_loop().call_later(0.05, shared.set_result, None)
        await client.received(chunk("ready", 1), final(1))


async def test_superseding_cancels_what_the_agent_waits_for() -> None:
    """A task that an agent awaits in its first step is cancelled with it, however soon that is."""
    asked: list[asyncio.Task[bool]] = []

    async def on_transcript(messages: Any, _: SpeechEngineSession) -> None:
        if messages[-1].content == "first":
            asked.append(asyncio.create_task(asyncio.Event().wait()))
            await asked[0]

    async with serving(on_transcript=on_transcript) as server, raw_client(server) as client:
        await client.send(init(), transcript(1, "first"), transcript(2, "second"))
        await client.received(final(2))
        await until(asked[0].cancelled)


@pytest.mark.parametrize("event", ["on_error", "on_turn_ended"])
async def test_session_that_a_handler_closes_starts_no_turn(event: str) -> None:
    """When a handler closes the session on the way to a new turn, the turn does not begin."""
    started: list[Any] = []
    ended: list[Any] = []

    async def on_transcript(messages: Any, _: SpeechEngineSession) -> None:
        started.append(messages[-1].content)
        await asyncio.Event().wait()

    async with conversation(
        init(),
        transcript(1, "one"),
        on_transcript=on_transcript,
        on_ended=lambda _: ended.append(len(started)),
        **{event: lambda _, session: session.close()},
    ) as (socket, session):
        await until(lambda: started == ["one"])
        broken = {"role": "agent", "content": None}
        frame = transcript(2, "two")
        frame["user_transcript"].insert(0, broken)
        socket.push(frame)
        await until(lambda: not session.is_open)
        await until(lambda: ended)
    assert (started, ended) == (["one"], [1])


async def test_final_waits_for_the_last_answer_of_a_turn() -> None:
    """A filler sent beside a stream does not end the turn before the stream does."""
    is_waiting = asyncio.Event()
    may_go_on = asyncio.Event()

    async def slow() -> AsyncIterator[str]:
        is_waiting.set()
        await may_go_on.wait()
        yield "the answer"

    async def on_transcript(_: Any, session: SpeechEngineSession) -> None:
        async def fill() -> None:
            await is_waiting.wait()
            await session.send_response("one moment")
            may_go_on.set()

        await asyncio.gather(session.send_response(slow()), fill())

    async with conversation(init(), transcript(1, "hi"), on_transcript=on_transcript) as (
        socket,
        _,
    ):
        await socket.received(final(1))
        assert socket.answers(1) == [chunk("one moment", 1), chunk("the answer", 1), final(1)]


@pytest.mark.parametrize("is_async", [False, True])
async def test_chunk_is_heard_before_the_answer_and_does_not_end_the_turn(is_async: bool) -> None:
    """What `send_chunk` says, also from a thread, goes out while the handler works on."""
    was_heard = threading.Event()

    def respond(_: Transcript, session: SpeechEngineSession) -> str:
        session.send_chunk("one moment ")
        session.send_chunk("")
        assert was_heard.wait(10)
        return "the answer"

    async def on_transcript(messages: Transcript, session: SpeechEngineSession) -> None:
        await session.send_response(await asyncio.to_thread(respond, messages, session))

    async with conversation(
        init(), transcript(1, "hi"), on_transcript=on_transcript if is_async else respond
    ) as (socket, _):
        await socket.received(chunk("one moment ", 1))
        assert socket.answers(1) == [chunk("one moment ", 1)]
        was_heard.set()
        await socket.received(final(1))
        assert socket.answers(1)[1:] == [chunk("the answer", 1), final(1)]


async def test_chunk_alone_is_an_answer() -> None:
    """A handler that says all of it with `send_chunk` ends its turn with one final."""

    async def on_transcript(_: Transcript, session: SpeechEngineSession) -> None:
        await session.send_response("a whole answer, ")
        session.send_chunk("and more")

    async with conversation(init(), transcript(1, "hi"), on_transcript=on_transcript) as (
        socket,
        session,
    ):
        await until(lambda: session.turn is None and socket.answers(1) != [])
        sent = socket.answers(1)
    assert sent[0] == chunk("a whole answer, ", 1)
    assert sent[-2:] == [chunk("and more", 1), final(1)]


async def test_chunk_of_a_superseded_turn_is_not_sent() -> None:
    """Who speaks up too late is not heard in the turn that has come since."""
    may_go_on = asyncio.Event()
    has_spoken = asyncio.Event()
    late: list[asyncio.Future[None]] = []

    async def speak_late(session: SpeechEngineSession) -> None:
        await may_go_on.wait()
        session.send_chunk("too late")
        has_spoken.set()

    async def on_transcript(messages: Transcript, session: SpeechEngineSession) -> None:
        if messages[-1].content == "one":
            late.append(asyncio.ensure_future(speak_late(session)))
            await asyncio.Event().wait()
        may_go_on.set()
        await has_spoken.wait()
        await session.send_response("yes")

    async with conversation(init(), transcript(1, "one"), on_transcript=on_transcript) as (
        socket,
        session,
    ):
        await until(lambda: late != [])
        socket.push(transcript(2, "two"))
        await socket.received(final(2))
        session.send_chunk("nobody asked")
        assert [*socket.answers(1), *socket.answers(2)] == [chunk("yes", 2), final(2)]


@pytest.mark.parametrize("fails", [False, True])
async def test_final_does_not_wait_for_a_stream_to_close(fails: bool) -> None:
    """A stream whose aclose hangs holds up neither the final nor the end of its turn."""
    hangs = asyncio.Event()

    class Stream:
        def __aiter__(self) -> Any:
            return self

        async def __anext__(self) -> str:
            if fails:
                raise OSError("gone")
            raise StopAsyncIteration

        async def aclose(self) -> None:
            await hangs.wait()

    async def on_transcript(_: Any, session: SpeechEngineSession) -> None:
        await session.send_response(Stream())

    async with conversation(init(), transcript(1, "hi"), on_transcript=on_transcript) as (
        socket,
        _,
    ):
        await socket.received(final(1))
        hangs.set()


async def test_handler_that_raises_no_exception_ends_its_turn() -> None:
    """What extensions raise beside Exception is told, and the turn gets its final."""
    errors: list[Exception] = []

    class PanicError(BaseException):
        """Like a panic in a Rust extension."""

    async def on_transcript(*_: Any) -> None:
        raise PanicError

    async with conversation(
        init(),
        transcript(1, "hi"),
        on_transcript=on_transcript,
        on_error=lambda error, _: errors.append(error),
    ) as (socket, _):
        await socket.received(final(1))
    assert "PanicError" in str(errors[0])


async def test_answer_without_an_id_is_not_repeated_under_another() -> None:
    """After a turn without an id, an older id that comes again gets nobody else's answer."""

    async def on_transcript(messages: Any, session: SpeechEngineSession) -> None:
        await session.send_response(messages[-1].content)

    async with conversation(
        init(),
        transcript(5, "five"),
        transcript(None, "none"),
        transcript(5, "five"),
        PING,
        on_transcript=on_transcript,
    ) as (socket, _):
        await socket.received(PONG)
        assert socket.text(5) == "five"
