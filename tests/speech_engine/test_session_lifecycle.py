"""How conversations begin and end, in time or too late, and what the log may know of them."""

from __future__ import annotations

import asyncio
import logging
import threading
from typing import TYPE_CHECKING, Any

import pytest
from websockets.exceptions import ConnectionClosedError
from websockets.frames import Close

from speech_engine import (
    FIRST_CHUNK_LATE,
    ConversationMessage,
    Limits,
    SpeechEngineResource,
    SpeechEngineServer,
    SpeechEngineSession,
    Turn,
)
from tests.fakes.sockets import (
    CLOSE_FRAME,
    PING,
    PONG,
    MockSocket,
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


class Recorder:
    """Writes down, in order, which of the events at a conversation's end were told."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.close_codes: list[int | None] = []
        self.errors: list[Exception] = []

    def handlers(self) -> Any:
        return {
            "on_close": self.on_close,
            "on_disconnect": self.on_disconnect,
            "on_error": lambda error, _: self.errors.append(error),
        }

    async def on_close(self, session: SpeechEngineSession) -> None:
        self.events.append("close")

    async def on_disconnect(self, session: SpeechEngineSession) -> None:
        self.events.append("disconnect")
        self.close_codes.append(session.close_code)


async def test_session_is_open_until_its_conversation_ends() -> None:
    """`is_open` holds from the start to the end of a conversation."""
    async with conversation() as (socket, session):
        states = [session.is_open]
        socket.push(init(), CLOSE_FRAME)
        await until(lambda: not session.is_open)
    assert states == [True]


async def test_close_frame_ends_the_conversation() -> None:
    """A close frame is told to on_close alone, the socket is closed and nothing more is read."""
    recorder = Recorder()
    socket = MockSocket(init(), CLOSE_FRAME, PING)
    session = SpeechEngineServer(**recorder.handlers()).handle_connection(socket)
    await asyncio.wait_for(session.run(), 5)
    assert recorder.events == ["close"]
    assert not session.is_open
    assert socket.closed.is_set()
    assert socket.sent == []


async def test_lost_socket_ends_the_conversation() -> None:
    """A socket that breaks is told to on_disconnect alone, and its turn is cancelled."""
    recorder = Recorder()
    cancelled = asyncio.Event()

    async def on_transcript(*_: Any) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    socket = MockSocket(init(), transcript(1))
    session = SpeechEngineServer(
        on_transcript=on_transcript, **recorder.handlers()
    ).handle_connection(socket)
    running = asyncio.create_task(session.run())
    await until(lambda: session.turn is not None)
    socket.cut()
    await asyncio.wait_for(running, 5)
    assert recorder.events == ["disconnect"]
    assert recorder.errors == []
    assert cancelled.is_set()
    assert not session.is_open


async def test_lost_socket_tells_on_disconnect_its_close_code() -> None:
    """The close code that the socket's library reports is there when on_disconnect runs."""
    recorder = Recorder()
    socket = MockSocket(init())
    session = SpeechEngineServer(**recorder.handlers()).handle_connection(socket)
    socket.cut(ConnectionClosedError(Close(1011, "boom"), None))
    await asyncio.wait_for(session.run(), 5)
    assert recorder.close_codes == [1011]


async def test_session_close_ends_the_conversation_at_once() -> None:
    """`close` stops the turn, sends nothing more, closes the socket and can be called twice."""

    async def on_transcript(_: Any, session: SpeechEngineSession) -> None:
        await session.send_response("bye")
        session.close()
        session.close()
        with pytest.raises(RuntimeError, match="session is closed"):
            await session.send_response("more")

    socket = MockSocket(init(), transcript(1), PING)
    session = SpeechEngineServer(on_transcript=on_transcript).handle_connection(socket)
    await asyncio.wait_for(session.run(), 5)
    assert not session.is_open
    assert socket.closed.is_set()
    assert socket.text(1) == "bye"


async def test_session_close_ends_run_on_a_socket_whose_recv_hangs() -> None:
    """A socket that is closed but whose `recv` never returns does not keep `run` waiting."""

    class Deaf(MockSocket):
        async def close(self) -> None:
            self.closed.set()

    socket = Deaf(init())
    session = SpeechEngineResource("seng_1").create_session(socket)
    running = asyncio.create_task(session.run())
    await until(lambda: session.conversation_id)
    session.close()
    await asyncio.wait_for(running, 10)
    assert socket.closed.is_set()


async def test_session_close_may_be_called_from_another_thread() -> None:
    """Agent code in a worker thread can hang up."""
    async with conversation(
        init(), transcript(1), on_transcript=lambda _, session: session.close()
    ) as (socket, session):
        await until(lambda: not session.is_open)
        await asyncio.wait_for(socket.closed.wait(), 5)


async def test_session_run_that_is_cancelled_stops_its_turn() -> None:
    """Cancelling `run` cancels the handler, closes nothing half and passes the cancellation on."""
    cancelled = asyncio.Event()

    async def on_transcript(*_: Any) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    socket = MockSocket(init(), transcript(1))
    session = SpeechEngineServer(on_transcript=on_transcript).handle_connection(socket)
    running = asyncio.create_task(session.run())
    await until(lambda: session.turn is not None)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await asyncio.wait_for(cancelled.wait(), 5)
    assert not session.is_open


async def test_session_leaves_no_tasks_behind() -> None:
    """When `run` has returned, none of its tasks is left."""
    before = asyncio.all_tasks()

    async def on_transcript(_: Any, session: SpeechEngineSession) -> None:
        await session.send_response("hi")
        await asyncio.Event().wait()

    async with conversation(init(), transcript(1), on_transcript=on_transcript) as (socket, _):
        await socket.received(chunk("hi", 1))
        socket.push(transcript(2))
        await socket.received(chunk("hi", 2))
    assert asyncio.all_tasks() == before


async def test_init_that_does_not_come_ends_the_conversation() -> None:
    """Without `init` in time the socket is closed, and on_error and on_disconnect know."""
    recorder = Recorder()
    socket = MockSocket(PING)
    session = SpeechEngineServer(
        limits=Limits(init_seconds=0.05), **recorder.handlers()
    ).handle_connection(socket)
    await asyncio.wait_for(session.run(), 5)
    assert socket.sent == [PONG]
    assert socket.closed.is_set()
    assert recorder.events == ["disconnect"]
    assert recorder.close_codes == [1008]
    assert [type(error) for error in recorder.errors] == [TimeoutError]


async def test_conversation_that_is_idle_ends() -> None:
    """After `idle_seconds` without a frame the socket is closed, and the handlers know."""
    recorder = Recorder()
    socket = MockSocket(init())
    session = SpeechEngineServer(
        limits=Limits(idle_seconds=0.05), **recorder.handlers()
    ).handle_connection(socket)
    await asyncio.wait_for(session.run(), 5)
    assert socket.closed.is_set()
    assert recorder.events == ["disconnect"]
    assert [type(error) for error in recorder.errors] == [TimeoutError]


async def test_conversation_that_lasts_too_long_ends() -> None:
    """After `conversation_seconds` it is closed cleanly, although the platform goes on."""
    recorder = Recorder()
    limits = Limits(conversation_seconds=0.05)
    async with conversation(init(), limits=limits, **recorder.handlers()) as (socket, session):
        while not socket.closed.is_set():
            socket.push(PING)
            await asyncio.sleep(0.02)
        assert session.close_code == 1000
        assert recorder.events == ["disconnect"]
        assert [str(error) for error in recorder.errors] == ["the conversation lasted 0.05 s"]


async def test_conversation_with_traffic_is_not_idle() -> None:
    """Any frame, a ping too, keeps a conversation from being idle."""
    async with conversation(init(), limits=Limits(idle_seconds=1.0)) as (socket, session):
        for _ in range(15):
            await asyncio.sleep(0.1)
            socket.push(PING)
        assert session.is_open


async def test_first_chunk_that_is_late_is_told_while_the_turn_runs() -> None:
    """A turn that is silent for too long is told once, before it ends, and goes on."""
    late: list[tuple[Turn, Any]] = []
    heard: list[Turn] = []
    release = asyncio.Event()

    async def on_transcript(_: Any, session: SpeechEngineSession) -> None:
        await release.wait()
        await session.send_response("at last")

    async with conversation(
        init(),
        on_transcript=on_transcript,
        on_first_chunk_late=lambda turn, session: late.append((turn, session)),
        limits=Limits(first_chunk_seconds=0.05),
    ) as (socket, session):
        session.on(FIRST_CHUNK_LATE, heard.append)
        socket.push(transcript(4))
        await until(lambda: late)
        turn, told = late[0]
        assert told is session
        assert (turn.event_id, turn.outcome, turn.first_chunk_at) == (4, None, None)
        release.set()
        await socket.received(chunk("at last", 4), final(4))
        assert len(late) == 1
        assert heard == [turn]


async def test_first_chunk_that_is_in_time_is_not_told() -> None:
    """A turn whose first chunk has left is not late, however long the rest takes."""
    late: list[Turn] = []
    release = asyncio.Event()

    async def on_transcript(_: Any, session: SpeechEngineSession) -> None:
        await session.send_response("soon")
        await release.wait()

    async with conversation(
        init(),
        transcript(4),
        on_transcript=on_transcript,
        on_first_chunk_late=lambda turn, _: late.append(turn),
        limits=Limits(first_chunk_seconds=0.05),
    ) as (socket, _):
        await socket.received(chunk("soon", 4))
        await asyncio.sleep(0.6)
        release.set()
        assert late == []


def test_first_chunk_is_told_late_before_the_platform_gives_up() -> None:
    """Unless set otherwise, lateness is told before the platform's own four seconds are over."""
    assert Limits().first_chunk_seconds < 4


@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf"), None, "5"])
@pytest.mark.parametrize("name", ["max_conversations", "idle_seconds", "max_frame_bytes"])
def test_limit_that_makes_no_sense_is_refused(name: str, value: Any) -> None:
    """A limit is a positive, finite number, or an error that names it."""
    with pytest.raises(ValueError, match=name):
        Limits(**{name: value})


SECRET_WORDS = ("what the user said", "what the agent said")


async def talk_about_secrets(debug: bool, caplog: pytest.LogCaptureFixture) -> None:
    """Hold a conversation with turns, errors, junk and a failing handler."""
    caplog.set_level(logging.DEBUG)

    async def on_transcript(
        messages: list[ConversationMessage], session: SpeechEngineSession
    ) -> None:
        await session.send_response(SECRET_WORDS[1])
        if messages[-1].content.endswith("!"):
            raise RuntimeError("broken")

    async with conversation(
        init("conv_7"),
        transcript(1, SECRET_WORDS[0]),
        f"junk {SECRET_WORDS[0]}",
        transcript(2, SECRET_WORDS[0] + "!"),
        transcript(2, SECRET_WORDS[0] + "!"),
        PING,
        on_transcript=on_transcript,
        debug=debug,
    ) as (socket, _):
        await socket.received(final(2), PONG)
        socket.push(transcript(3, SECRET_WORDS[0]))
        await socket.received(final(3))


async def test_log_knows_no_transcript_text(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Without `debug`, nothing that was said is in any log record or on the terminal."""
    await talk_about_secrets(debug=False, caplog=caplog)
    everything = "".join(str(vars(record)) for record in caplog.records) + "".join(
        capfd.readouterr()
    )
    for words in SECRET_WORDS:
        assert words not in everything


async def test_log_knows_transcript_text_with_debug(caplog: pytest.LogCaptureFixture) -> None:
    """With `debug`, both sides of the conversation are in the log, as fields."""
    await talk_about_secrets(debug=True, caplog=caplog)
    everything = "".join(str(vars(record)) for record in caplog.records)
    messages = "".join(record.getMessage() for record in caplog.records)
    for words in SECRET_WORDS:
        assert words in everything
        assert words not in messages


async def test_debug_works_on_sessions_of_a_resource(caplog: pytest.LogCaptureFixture) -> None:
    """`create_session(ws, debug=True)` and `SpeechEngineSession(ws, debug=True)` log, too."""
    caplog.set_level(logging.DEBUG)
    for make in (SpeechEngineResource("seng_1").create_session, SpeechEngineSession):
        caplog.clear()
        socket = MockSocket(init("conv_debug"), CLOSE_FRAME)
        await asyncio.wait_for(make(socket, debug=True).run(), 5)
        assert "conv_debug" in "".join(str(vars(record)) for record in caplog.records)


def test_turn_wakes_every_thread_that_waits_for_its_cancellation() -> None:
    """Threads that wait for a turn's cancellation wake at once, and it can be read without."""
    turn = Turn(1, 0.0)
    woken: list[bool] = []
    threads = [
        threading.Thread(target=lambda: woken.append(turn.wait_cancelled(10))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    assert not turn.wait_cancelled(0.01)
    turn.cancel()
    for thread in threads:
        thread.join(5)
    assert woken == [True] * 4
    assert turn.cancelled
    assert turn.wait_cancelled(0)
    assert turn.wait_cancelled()


@pytest.mark.limit(20)
async def test_handler_that_outlives_its_conversation_is_cancelled() -> None:
    """An on_init that never ends is cancelled a few seconds after its conversation is over."""
    cancelled = asyncio.Event()

    async def on_init(*_: Any) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    async with conversation(init(), on_init=on_init) as (socket, session):
        await until(lambda: session.conversation_id)
        socket.cut()
        await asyncio.wait_for(cancelled.wait(), 10)


async def test_stream_that_never_suspends_lets_others_have_their_turn() -> None:
    """An endless stream without a wait delays neither a pong nor the next turn."""

    async def endless() -> AsyncIterator[str]:
        while True:
            yield "on and on "

    async def on_transcript(transcript: Any, session: SpeechEngineSession) -> None:
        await session.send_response(endless() if transcript[-1].content == "go" else "done")

    async with serving(on_transcript=on_transcript) as server, raw_client(server) as client:
        await client.send(init(), transcript(1, "go"))
        await client.send(PING, transcript(2, "stop"))
        await client.received(PONG, chunk("done", 2), final(2))


async def test_message_over_the_limit_is_skipped_on_any_socket() -> None:
    """On a socket of another server's, too, a message that is too long is told and skipped."""
    errors: list[Exception] = []
    async with conversation(
        init(),
        transcript(1, "x" * 2000),
        PING,
        limits=Limits(max_frame_bytes=1000),
        on_error=lambda error, _: errors.append(error),
    ) as (socket, _):
        await socket.received(PONG)
    assert "the limit is 1000" in str(errors[0])
