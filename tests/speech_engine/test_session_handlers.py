"""Handlers: who is called when, where and with what, and that the session never waits for them."""

from __future__ import annotations

import asyncio
import functools
import inspect
import threading
import time
from typing import Any

import pytest

from speech_engine import (
    CLOSE,
    DISCONNECTED,
    ERROR,
    INIT,
    USER_TRANSCRIPT,
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
    transcript,
    until,
)


async def answer(messages: list[ConversationMessage], session: SpeechEngineSession) -> None:
    await session.send_response(f"re: {messages[-1].content}")


async def test_handlers_get_the_documented_arguments() -> None:
    """Keyword handlers get the event's values and the session."""
    calls: list[tuple[Any, ...]] = []

    async def on_init(conversation_id: str, session: Any) -> None:
        calls.append(("init", conversation_id, session))

    async def on_transcript(messages: list[ConversationMessage], session: Any) -> None:
        calls.append(("transcript", messages[0].role, messages[0].content, session))

    async def on_error(error: Exception, session: Any) -> None:
        calls.append(("error", str(error), session))

    async def on_close(session: Any) -> None:
        calls.append(("close", session))

    frames = [init("conv_9"), transcript(1, "hi"), {"type": "error", "message": "bad"}]
    async with conversation(
        *frames,
        on_init=on_init,
        on_transcript=on_transcript,
        on_error=on_error,
        on_close=on_close,
    ) as (socket, session):
        await until(lambda: len(calls) == 3)
        socket.push(CLOSE_FRAME)
        await until(lambda: len(calls) == 4)
    assert calls == [
        ("init", "conv_9", session),
        ("transcript", "user", "hi", session),
        ("error", "bad", session),
        ("close", session),
    ]


async def test_listeners_get_the_same_without_the_session() -> None:
    """Raw events carry the same values, without the session; `on` and `once` are chainable."""
    calls: list[Any] = []
    socket = MockSocket()
    session = SpeechEngineResource("seng_1").create_session(socket)
    chained = (
        session.on(INIT, calls.append)
        .on(USER_TRANSCRIPT, lambda messages: calls.append(messages[0].content))
        .on(ERROR, lambda error: calls.append(str(error)))
        .once(CLOSE, lambda: calls.append("closed"))
    )
    assert chained is session
    socket.push(init("conv_9"), transcript(1, "hi"), {"type": "error", "message": "bad"})
    socket.push(CLOSE_FRAME)
    await asyncio.wait_for(session.run(), 5)
    assert calls == ["conv_9", "hi", "bad", "closed"]


async def test_listener_of_transcripts_answers_like_a_keyword_handler() -> None:
    """A handler that was added by `on` may send the answer."""
    socket = MockSocket(init(), transcript(1, "hi"))
    session = SpeechEngineResource("seng_1").create_session(socket)

    async def listen(messages: list[ConversationMessage]) -> None:
        await answer(messages, session)

    session.on(USER_TRANSCRIPT, listen)
    running = asyncio.create_task(session.run())
    await socket.received(chunk("re: hi", 1), final(1))
    socket.push(CLOSE_FRAME)
    await asyncio.wait_for(running, 5)


async def test_once_listener_is_called_once() -> None:
    """A `once` listener hears the first event only."""
    heard: list[str] = []
    async with conversation() as (socket, session):
        session.once(ERROR, lambda error: heard.append(str(error)))
        socket.push({"type": "error", "message": "a"}, {"type": "error", "message": "b"}, PING)
        await socket.received(PONG)
        assert heard == ["a"]


@pytest.mark.parametrize("add", ["on", "once"])
async def test_off_removes_listeners_however_they_were_added(add: str) -> None:
    """`off` takes a listener away, also one that was added by `once`; unknown ones are ignored."""
    heard: list[str] = []

    def listen(error: Exception) -> None:
        heard.append(str(error))

    async with conversation() as (socket, session):
        getattr(session, add)(ERROR, listen)
        assert session.off(ERROR, listen) is session
        session.off(ERROR, listen).off("no such event", listen)
        socket.push({"type": "error", "message": "a"}, PING)
        await socket.received(PONG)
        assert heard == []


async def test_listeners_of_one_event_are_called_in_order() -> None:
    """An event's handlers run one after the other: keyword, `on`, `once`."""
    order: list[str] = []

    async def on_init(*_: Any) -> None:
        await asyncio.sleep(0)
        order.append("keyword")

    async def first(_: str) -> None:
        await asyncio.sleep(0)
        order.append("first")

    async with conversation(on_init=on_init) as (socket, session):
        session.once(INIT, lambda _: order.append("once"))
        session.on(INIT, first).on(INIT, lambda _: order.append("second"))
        socket.push(init())
        await until(lambda: len(order) == 4)
        assert order == ["keyword", "first", "second", "once"]


async def test_handler_failing_is_told_to_on_error_and_hurts_nobody() -> None:
    """Errors of any handler reach on_error, and the conversation goes on."""
    errors: list[str] = []

    def on_init(*_: Any) -> None:
        raise ValueError("sync")

    async def listen(_: str) -> None:
        raise ValueError("async")

    def on_error(error: Exception, _: Any) -> None:
        errors.append(str(error))

    async with conversation(on_init=on_init, on_transcript=answer, on_error=on_error) as (
        socket,
        session,
    ):
        session.on(INIT, listen)
        socket.push(init(), transcript(1, "hi"))
        await socket.received(final(1))
        await until(lambda: len(errors) == 2)
        assert errors == ["sync", "async"]


async def test_error_handler_failing_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """An on_error that fails itself is logged, and the conversation goes on."""

    async def on_error(error: Exception, _: Any) -> None:
        raise RuntimeError("error handler")

    async with conversation(init(), "junk", PING, on_transcript=answer, on_error=on_error) as (
        socket,
        _,
    ):
        socket.push(transcript(1, "hi"))
        await socket.received(PONG, final(1))
        await until(lambda: "error handler" in caplog.text)


async def test_error_without_a_handler_ends_nothing() -> None:
    """Errors that nobody listens to are no reason to end a conversation."""
    async with conversation(init(), "junk", transcript(1, "hi"), on_transcript=answer) as (
        socket,
        _,
    ):
        await socket.received(final(1))


async def test_conversation_without_handlers_still_answers_pings() -> None:
    """A session without any handler keeps its conversation alive."""
    async with conversation(init(), transcript(1), PING) as (socket, _):
        await socket.received(PONG)
        assert socket.sent == [PONG]


@pytest.mark.parametrize("event", ["on_init", "on_error", "on_transcript", "on_turn_ended"])
async def test_loop_answers_pings_while_a_handler_hangs(event: str) -> None:
    """A handler of any kind that never ends delays no pong."""
    started = asyncio.Event()
    release = asyncio.Event()

    async def hang(*_: Any) -> None:
        started.set()
        await release.wait()

    settings: dict[str, Any] = {"on_transcript": answer, event: hang}
    async with conversation(init(), transcript(1), "junk", **settings) as (socket, _):
        await asyncio.wait_for(started.wait(), 5)
        socket.push(PING)
        await socket.received(PONG)
        release.set()


async def test_loop_starts_the_next_turn_while_on_init_hangs() -> None:
    """A slow on_init delays neither pong nor answer."""
    release = asyncio.Event()

    async def on_init(*_: Any) -> None:
        await release.wait()

    async with conversation(
        init(), PING, transcript(1, "hi"), on_init=on_init, on_transcript=answer
    ) as (socket, _):
        await socket.received(PONG, final(1))
        release.set()


async def test_loop_goes_on_while_a_handler_refuses_cancellation() -> None:
    """A handler that suppresses cancellation delays no pong and no next turn."""
    release = asyncio.Event()

    async def refuse(messages: list[ConversationMessage], session: SpeechEngineSession) -> None:
        if messages[-1].content != "refuse":
            await answer(messages, session)
            return
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    async with conversation(init(), transcript(1, "refuse"), on_transcript=refuse) as (
        socket,
        session,
    ):
        await until(lambda: session.turn is not None)
        socket.push(transcript(2, "hi"), PING)
        await socket.received(PONG, chunk("re: hi", 2), final(2))
        release.set()


async def test_session_ends_while_a_handler_refuses_cancellation() -> None:
    """A handler that suppresses cancellation cannot keep a session from ending, however it ends."""
    release = asyncio.Event()

    async def refuse(*_: Any) -> None:
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    async def end_by(end: str) -> None:
        socket = MockSocket(init(), transcript(1))
        session = SpeechEngineServer(on_transcript=refuse).handle_connection(socket)
        running = asyncio.create_task(session.run())
        await until(lambda: session.turn is not None)
        if end == "close":
            socket.push(CLOSE_FRAME)
        elif end == "cut":
            socket.cut()
        else:
            session.close()
        await asyncio.wait_for(running, 10)
        assert not session.is_open

    await asyncio.gather(*(end_by(end) for end in ("close", "cut", "session.close")))
    release.set()


async def test_async_handler_starts_before_the_next_frame() -> None:
    """An async handler has taken its first step before the next frame is looked at."""
    seen: list[str] = []

    async def on_transcript(*_: Any) -> None:
        seen.append("transcript")
        await asyncio.Event().wait()

    async def on_init(*_: Any) -> None:
        seen.append("init")

    def on_error(error: Exception, _: Any) -> None:
        seen.append(str(error))

    frames = [init(), transcript(1), {"type": "error", "message": "after"}]
    async with conversation(
        *frames, on_init=on_init, on_transcript=on_transcript, on_error=on_error
    ) as (_, _session):
        await until(lambda: len(seen) == 3)
        assert seen == ["init", "transcript", "after"]


@pytest.mark.parametrize(
    ("returned", "pieces"),
    [
        ("whole", ["whole"]),
        (["a", "b"], ["a", "b"]),
        (("a", "", "b"), ["a", "b"]),
        ([{"choices": [{"delta": {"content": "a"}}]}, "b"], ["a", "b"]),
        ("", []),
        ([], []),
        (None, []),
    ],
)
async def test_sync_handler_answers_with_what_it_returns(returned: Any, pieces: list[str]) -> None:
    """What a plain function returns is the answer: a string, an iterable, or nothing."""

    def on_transcript(*_: Any) -> Any:
        return returned

    async with conversation(init(), transcript(1), on_transcript=on_transcript) as (socket, _):
        await socket.received(final(1))
        assert [frame["content"] for frame in socket.answers(1)] == [*pieces, ""]


async def test_async_handler_that_returns_its_answer_is_hinted_at_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Nobody hears what a coroutine function returns: one warning says so, without the words."""

    async def on_transcript(*_: Any) -> str:
        return "unheard words"

    frames = (init(), transcript(1), transcript(2))
    async with conversation(*frames, on_transcript=on_transcript) as (socket, _):
        await socket.received(final(2))
        assert [record.levelname for record in caplog.records] == ["WARNING"]
        assert "on_transcript returned something" in caplog.text
        assert "unheard" not in caplog.text + str(socket.sent)


async def test_sync_handler_may_be_a_generator_that_blocks() -> None:
    """A plain generator is streamed piece by piece, and its pauses hold nobody up."""
    release = threading.Event()

    def on_transcript(*_: Any) -> Any:
        yield "a"
        release.wait(10)
        yield "b"

    async with conversation(init(), transcript(1), on_transcript=on_transcript) as (socket, _):
        await socket.received(chunk("a", 1))
        socket.push(PING)
        await socket.received(PONG)
        assert chunk("b", 1) not in socket.sent
        release.set()
        await socket.received(chunk("b", 1), final(1))


async def test_sync_handler_may_be_an_async_generator_function() -> None:
    """An async generator function is an answer, too: what calling it returns is streamed."""

    async def on_transcript(messages: list[ConversationMessage], _: Any) -> Any:
        yield messages[0].content
        yield "!"

    async with conversation(init(), transcript(1, "hi"), on_transcript=on_transcript) as (
        socket,
        _,
    ):
        await socket.received(chunk("hi", 1), chunk("!", 1), final(1))


async def test_sync_handler_runs_in_another_thread() -> None:
    """A plain on_transcript that blocks does so outside the event loop's thread."""
    release = threading.Event()
    threads: list[threading.Thread] = []

    def on_transcript(messages: list[ConversationMessage], _: Any) -> str:
        threads.append(threading.current_thread())
        release.wait(10)
        return messages[0].content

    async with conversation(init(), transcript(1, "hi"), on_transcript=on_transcript) as (
        socket,
        _,
    ):
        await until(lambda: threads)
        socket.push(PING)
        await socket.received(PONG)
        release.set()
        await socket.received(chunk("hi", 1), final(1))
    assert threads[0] is not threading.current_thread()


async def test_sync_handlers_share_a_bounded_number_of_threads() -> None:
    """No more than `max_threads` plain handlers run at once; the others wait and then run."""
    guard = threading.Lock()
    running = 0
    most = 0

    def on_transcript(*_: Any) -> str:
        nonlocal running, most
        with guard:
            running += 1
            most = max(most, running)
        time.sleep(0.02)
        with guard:
            running -= 1
        return "done"

    server = SpeechEngineServer(on_transcript=on_transcript, limits=Limits(max_threads=3))
    sockets = [MockSocket(init(), transcript(1)) for _ in range(12)]
    runs = [asyncio.create_task(server.handle_connection(socket).run()) for socket in sockets]
    for socket in sockets:
        await socket.received(chunk("done", 1), final(1))
        socket.push(CLOSE_FRAME)
    await asyncio.wait_for(asyncio.gather(*runs), 5)
    assert most == 3


async def test_sync_handler_superseded_is_not_heard() -> None:
    """What a plain handler returns after it was superseded goes nowhere."""
    release = threading.Event()
    started = threading.Event()

    def on_transcript(messages: list[ConversationMessage], _: Any) -> str:
        if messages[0].content == "first":
            started.set()
            release.wait(10)
        return messages[0].content

    async with conversation(init(), transcript(1, "first"), on_transcript=on_transcript) as (
        socket,
        _,
    ):
        await until(started.is_set)
        socket.push(transcript(2, "second"))
        await socket.received(final(2))
        release.set()
        socket.push(PING)
        await socket.received(PONG)
        assert socket.answers(1) == []


async def test_sync_handler_sees_in_its_thread_that_its_turn_is_cancelled() -> None:
    """Agent code in another thread can watch `session.turn` to stop when it is superseded."""
    seen: list[tuple[Turn, bool, bool]] = []
    waiting = threading.Event()

    def on_transcript(messages: list[ConversationMessage], session: SpeechEngineSession) -> str:
        turn = session.turn
        assert turn is not None
        if messages[0].content == "first":
            before = turn.wait_cancelled(0)
            waiting.set()
            seen.append((turn, before, turn.wait_cancelled(10)))
        return messages[0].content

    async with conversation(init(), transcript(1, "first"), on_transcript=on_transcript) as (
        socket,
        _,
    ):
        await until(waiting.is_set)
        socket.push(transcript(2, "second"))
        await socket.received(final(2))
        await until(lambda: seen)
        turn, before, after = seen[0]
        assert (turn.event_id, before, after, turn.cancelled) == (1, False, True, True)


async def test_session_turn_is_the_callers_own_turn() -> None:
    """A superseded handler that lives on still sees its own turn, not the newer one."""
    turns: list[Turn | None] = []
    release = asyncio.Event()

    async def on_transcript(
        messages: list[ConversationMessage], session: SpeechEngineSession
    ) -> None:
        if messages[0].content == "first":
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                await release.wait()
                turns.append(session.turn)
                return
        await session.send_response("second")

    async with conversation(init(), transcript(1, "first"), on_transcript=on_transcript) as (
        socket,
        session,
    ):
        await until(lambda: session.turn is not None)
        socket.push(transcript(2, "second"))
        await socket.received(final(2))
        release.set()
        await until(lambda: turns)
        assert turns[0] is not None
        assert turns[0].event_id == 1


@pytest.mark.parametrize("kind", ["partial", "method", "callable object"])
async def test_handler_may_be_any_callable(kind: str) -> None:
    """Partials, methods and objects with an async `__call__` run on the loop like functions."""

    class Agent:
        async def __call__(self, messages: Any, session: Any) -> None:
            assert threading.current_thread() is threading.main_thread()
            await answer(messages, session)

    handlers: dict[str, Any] = {
        "partial": functools.partial(answer),
        "method": Agent().__call__,
        "callable object": Agent(),
    }
    async with conversation(init(), transcript(1, "hi"), on_transcript=handlers[kind]) as (
        socket,
        _,
    ):
        await socket.received(chunk("re: hi", 1), final(1))


async def test_handler_may_be_a_plain_function_that_returns_a_coroutine() -> None:
    """A lambda around a coroutine function works like the coroutine function."""
    async with conversation(
        init(),
        transcript(1, "hi"),
        on_transcript=lambda messages, session: answer(messages[:1], session),
    ) as (socket, _):
        await socket.received(chunk("re: hi", 1), final(1))


@pytest.mark.parametrize("keyword", ["on_transcripts", "callbacks", "on_Init", "transcript"])
def test_handler_keyword_that_is_unknown_raises_at_construction(keyword: str) -> None:
    """A misspelt handler is an error where it is written, not silence later."""
    unknown: dict[str, Any] = {keyword: answer}
    with pytest.raises(TypeError, match=keyword):
        SpeechEngineServer(**unknown)


@pytest.mark.parametrize("keyword", ["on_transcripts", "callbacks"])
async def test_handler_keyword_that_is_unknown_raises_on_serve_and_attach(keyword: str) -> None:
    """The engine's own `serve` and `attach` refuse unknown keywords as well."""
    from fastapi import FastAPI

    engine = SpeechEngineResource("seng_1", api_key="sk_test_1")
    unknown: dict[str, Any] = {keyword: answer}
    with pytest.raises(TypeError, match=keyword):
        await asyncio.wait_for(engine.serve(port=0, **unknown), 5)
    with pytest.raises(TypeError, match=keyword):
        engine.attach(FastAPI(), "/ws", **unknown)


def test_handler_that_cannot_be_called_raises_at_construction() -> None:
    """A handler that is no function is an error where it is written."""
    wrong: Any = "answer"
    with pytest.raises(TypeError, match="on_transcript"):
        SpeechEngineServer(on_transcript=wrong)


async def test_disconnected_listener_hears_the_end_of_the_socket() -> None:
    """The raw event of a lost socket carries nothing and comes once."""
    heard: list[str] = []
    socket = MockSocket(init())
    session = SpeechEngineResource("seng_1").create_session(socket)
    session.on(DISCONNECTED, lambda: heard.append("disconnected"))
    socket.cut()
    await asyncio.wait_for(session.run(), 5)
    assert heard == ["disconnected"]


def test_session_methods_are_sync_or_async_as_documented() -> None:
    """`run` and `send_response` are awaited, `close` is not."""
    assert inspect.iscoroutinefunction(SpeechEngineSession.run)
    assert inspect.iscoroutinefunction(SpeechEngineSession.send_response)
    assert not inspect.iscoroutinefunction(SpeechEngineSession.close)
