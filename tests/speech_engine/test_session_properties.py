"""Whatever the platform sends, a conversation that could go on goes on."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from speech_engine import ConversationMessage, Limits, SpeechEngineServer, SpeechEngineSession
from tests.fakes.sockets import PING, PONG, MockSocket, final, init, transcript, until

TYPES = st.sampled_from(["init", "user_transcript", "ping", "error", "pong", "agent_response", "x"])
FIELDS = st.sampled_from(
    ["type", "conversation_id", "user_transcript", "event_id", "role", "content", "message"]
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=()), max_size=8)
    | TYPES
)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(FIELDS, inner, max_size=4),
    max_leaves=10,
)
MESSAGES = st.lists(
    st.fixed_dictionaries({}, optional={"role": LEAVES, "content": LEAVES}) | JSON, max_size=4
)
FRAMES = st.fixed_dictionaries(
    {"type": TYPES},
    optional={
        "conversation_id": JSON,
        "user_transcript": MESSAGES | JSON,
        "event_id": st.integers(0, 10**6) | JSON,
        "message": JSON,
    },
)
JUNK = st.text(max_size=30) | st.binary(max_size=30)


def is_close(frame: Any) -> bool:
    """Whether `frame` is the one frame that rightly ends a conversation."""
    try:
        decoded = json.loads(frame)
    except (ValueError, TypeError):
        return False
    return isinstance(decoded, dict) and decoded.get("type") == "close"


ANYTHING = ((FRAMES | JSON).map(json.dumps) | JUNK).filter(lambda frame: not is_close(frame))


async def echo(messages: list[ConversationMessage], session: SpeechEngineSession) -> None:
    await session.send_response([message.content for message in messages])


async def fail(messages: list[ConversationMessage], _: SpeechEngineSession) -> None:
    raise LookupError(len(messages))


async def hang(messages: list[ConversationMessage], session: SpeechEngineSession) -> None:
    await session.send_response("…")
    await asyncio.Event().wait()


@settings(max_examples=200)
@given(st.lists(ANYTHING, max_size=8), st.sampled_from([echo, fail, hang]))
async def test_session_goes_on_after_any_frames(frames: list[str | bytes], agent: Any) -> None:
    """After frames of any kind the session is open, answers a ping, and then a user."""
    errors: list[Exception] = []
    socket = MockSocket(init(), *frames, PING)
    session = SpeechEngineServer(
        on_transcript=agent, on_error=lambda error, _: errors.append(error)
    ).handle_connection(socket)
    running = asyncio.create_task(session.run())
    pings = 1 + sum(is_ping(frame) for frame in frames)
    await until(lambda: socket.sent.count(PONG) == pings)
    assert session.is_open
    assert not any(isinstance(error, (TypeError, AttributeError)) for error in errors)
    session.close()
    await asyncio.wait_for(running, 10)


def is_ping(frame: str | bytes) -> bool:
    try:
        decoded = json.loads(frame)
    except ValueError:
        return False
    return isinstance(decoded, dict) and decoded.get("type") == "ping"


@settings(max_examples=100)
@given(st.lists(ANYTHING, max_size=6))
async def test_session_answers_a_user_after_any_frames(frames: list[str | bytes]) -> None:
    """The next real transcript, whose id is higher than all before, gets its answer."""
    assume(all(event_id_of(frame) < 10**12 for frame in frames))
    socket = MockSocket(init(), *frames, transcript(10**12, "still", "there", "me"))
    session = SpeechEngineServer(
        on_transcript=echo, limits=Limits(max_history_messages=50)
    ).handle_connection(socket)
    running = asyncio.create_task(session.run())
    await socket.received(final(10**12))
    assert socket.text(10**12) == "stillthereme"
    session.close()
    await asyncio.wait_for(running, 10)


def event_id_of(frame: str | bytes) -> int:
    try:
        event_id = json.loads(frame)["event_id"]
    except (ValueError, TypeError, KeyError, IndexError):
        return 0
    return event_id if type(event_id) is int else 0


TURNS = st.lists(
    st.tuples(st.integers(1, 6), st.sampled_from(["answer", "fail", "hang", "nothing"])),
    min_size=1,
    max_size=12,
)


@settings(max_examples=200)
@given(TURNS)
async def test_session_turns_of_any_order_keep_the_rules(turns: list[tuple[int, str]]) -> None:
    """Whatever order ids come in: one run for an id, rising ids, a final for each turn that ends.

    And once a turn has sent its first frame, no frame of an older one follows.
    """
    runs: list[int] = []
    behaviours: dict[int, str] = {}

    async def on_transcript(
        messages: list[ConversationMessage], session: SpeechEngineSession
    ) -> None:
        turn = session.turn
        assert turn is not None
        assert turn.event_id is not None
        runs.append(turn.event_id)
        behaviour = behaviours.setdefault(turn.event_id, messages[0].content)
        if behaviour == "nothing":
            return
        await session.send_response(f"answer {turn.event_id}")
        if behaviour == "fail":
            raise LookupError
        if behaviour == "hang":
            await asyncio.Event().wait()

    socket = MockSocket(init())
    session = SpeechEngineServer(on_transcript=on_transcript).handle_connection(socket)
    running = asyncio.create_task(session.run())
    for pings, (event_id, behaviour) in enumerate(turns, 1):
        socket.push(transcript(event_id, behaviour), PING)
        await until(lambda pings=pings: socket.sent.count(PONG) == pings)  # type: ignore[misc]
    newest = max(event_id for event_id, _ in turns)
    if behaviours[newest] != "hang":
        await socket.received(final(newest))
    session.close()
    await asyncio.wait_for(running, 10)

    assert runs == sorted(set(runs)), "each id at most once, in rising order"
    assert newest in runs
    answers = [frame["event_id"] for frame in socket.sent if frame != PONG]
    assert answers == sorted(answers), "nothing stale behind a newer turn"
    for event_id in runs:
        texts = {frame["content"] for frame in socket.answers(event_id)} - {""}
        assert texts <= {f"answer {event_id}"}


CHUNKS = st.lists(
    st.text(st.characters(exclude_categories=()), max_size=10)
    | st.none()
    | st.integers()
    | st.fixed_dictionaries({"choices": JSON})
    | JSON,
    max_size=10,
)


@settings(max_examples=150)
@given(CHUNKS)
async def test_session_streams_any_chunks(chunks: list[Any]) -> None:
    """Whatever a stream yields, its strings arrive in order and one final frame ends the turn."""

    async def on_transcript(_: Any, session: SpeechEngineSession) -> None:
        await session.send_response(chunks)

    socket = MockSocket(init(), transcript(1))
    session = SpeechEngineServer(on_transcript=on_transcript).handle_connection(socket)
    running = asyncio.create_task(session.run())
    await socket.received(final(1))
    session.close()
    await asyncio.wait_for(running, 10)
    strings = [chunk for chunk in chunks if isinstance(chunk, str) and chunk]
    sent = [frame["content"] for frame in socket.answers(1)]
    assert sent[-1] == ""
    assert sent.count("") == 1
    remaining = iter(sent)
    assert all(string in remaining for string in strings), "in order, none lost"
