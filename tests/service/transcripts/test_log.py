"""What a conversation leaves in the transcript log, held with the real runtime in memory."""

from __future__ import annotations

import asyncio
import json
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest

from service.transcripts.items import ItemRules
from service.transcripts.log import TranscriptLog
from service.transcripts.scribe import NoRedaction, Scribe
from speech_engine import ConversationMessage, SpeechEngineSession, Turn
from speech_engine.messages import read_transcript
from tests.fakes.sockets import (
    CLOSE_FRAME,
    MockSocket,
    conversation,
    final,
    init,
    transcript,
    until,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from service.transcripts.events import Event
    from service.transcripts.items import Item

RULES = ItemRules(days=30, shards=4, keeps_text=True, environment=None, agent="test")


class Agent:
    """Says "well" and "yes", hangs in between at "wait", breaks at "fail", and edits its list."""

    async def on_transcript(self, messages: list[Any], session: SpeechEngineSession) -> None:
        text = messages[-1].content
        messages.clear()
        if text == "think":
            await asyncio.Event().wait()
        if text == "bye":
            session.close()
        elif text != "hush":
            await session.send_response(self.words(text))

    async def words(self, text: str) -> Any:
        if "fail" in text:
            raise LookupError
        yield "well"
        if "wait" in text:
            await asyncio.Event().wait()
        yield " yes"


def make_log(items: list[Item], **agent: Callable[..., Any]) -> TranscriptLog:
    scribe = Scribe(RULES, NoRedaction())

    def put(event: Event, _size_bytes: int = 0) -> None:
        items.extend(scribe.write_down(event))

    agent = {"on_transcript": Agent().on_transcript, **agent}
    return TranscriptLog(put, agent, engine_id_header="X-Engine")


def log_to(items: list[Item], **agent: Callable[..., Any]) -> dict[str, Callable[..., Any]]:
    return make_log(items, **agent).handlers()


def told(items: list[Item]) -> list[tuple[object, ...]]:
    messages = {item["item"]: item for item in items if item["item"] != "head"}.values()
    return [
        (item["event_id"], item["role"], item["text"], item.get("outcome")) for item in messages
    ]


async def test_transcript_log_writes_each_message_once() -> None:
    """The greeting, what the user said and the answers as sent are written, each of them once."""
    items: list[Item] = []
    async with conversation(init(), **log_to(items)) as (socket, _):
        socket.push(transcript(3, "Welcome!", "hi"))
        await socket.received(final(3))
        socket.push(transcript(7, "Welcome!", "hi", "well  yes", "hi"), CLOSE_FRAME)
    assert told(items) == [
        (3, "agent", "Welcome!", None),
        (3, "user", "hi", None),
        (3, "agent", "well yes", "complete"),
        (7, "user", "hi", None),
        (7, "agent", "well yes", "complete"),
    ]
    keys = [item["item"] for item in items]
    assert keys == ["head", *sorted({str(key) for key in keys} - {"head"}), "head"]


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("wait", ("agent", "well", "interrupted")),
        ("think", ("agent", "", "superseded")),
        ("fail", ("agent", "", "failed")),
        ("hush", ("agent", "", "complete")),
    ],
)
async def test_transcript_log_marks_how_a_turn_ended(
    said: str, answer: tuple[str, str, str]
) -> None:
    """An answer is stored as far as it was sent, also when that is nothing."""
    items: list[Item] = []
    async with conversation(init(), transcript(1, said), **log_to(items)) as (socket, _):
        ends = said not in {"wait", "think"}
        await (socket.received(final(1)) if ends else asyncio.sleep(0))
        heard = [{"role": "agent", "content": "we"}] if answer[1] else []
        next_frame = transcript(2, "hi")
        next_frame["user_transcript"][:0] = [{"role": "user", "content": said}, *heard]
        socket.push(next_frame)
        await socket.received(final(2))
    assert told(items) == [
        (1, "user", said, None),
        (1, *answer),
        (2, "user", "hi", None),
        (2, "agent", "well yes", "complete"),
    ]


def test_transcript_log_writes_no_word_that_was_not_sent() -> None:
    """Of an answer that ended in the middle of a step only what had left the server is written."""
    items: list[Item] = []
    handlers, session = log_to(items), SpeechEngineSession(MockSocket())
    turn = Turn(1, 0.0, (ConversationMessage("user", "hi"),))
    turn.texts, turn.written = ["well", " yes"], 1
    turn.end("closed", 1.0)
    handlers["on_init"]("conv_1", session)
    handlers["on_turn_ended"](turn, session)
    assert told(items) == [(1, "user", "hi", None), (1, "agent", "well", "closed")]


async def test_transcript_log_begins_and_ends_with_the_head() -> None:
    """The conversation's own item is there at once, and has the counts when it is over."""
    items: list[Item] = []
    async with conversation(init("conv_9"), init("conv_9"), **log_to(items)) as (socket, _):
        socket.push(transcript(1, "hi"))
        await socket.received(final(1))
        assert [item["item"] for item in items].count("head") == 1
        assert "ended_at" not in items[0]
        socket.push(CLOSE_FRAME)
    head = items[-1]
    assert (head["conversation"], head["turns"], head["messages"]) == ("conv_9", 1, 2)
    assert str(head["ended_at"]) >= str(head["started_at"])
    assert (head["ending"], head["close_code"]) == ("closed", 1000)


async def end_by_close_frame(socket: MockSocket, _: SpeechEngineSession) -> None:
    socket.push(CLOSE_FRAME)


async def end_by_loss(socket: MockSocket, _: SpeechEngineSession) -> None:
    socket.cut()


async def end_by_drain(_: MockSocket, session: SpeechEngineSession) -> None:
    session.disconnect(1001, "the server is shutting down")


async def end_by_platform(_: MockSocket, session: SpeechEngineSession) -> None:
    session.lose(1001)


async def end_by_agent(socket: MockSocket, _: SpeechEngineSession) -> None:
    socket.push(transcript(1, "bye"))


@pytest.mark.parametrize(
    ("end", "ending"),
    [
        (end_by_close_frame, "closed"),
        (end_by_loss, "disconnected"),
        (end_by_platform, "disconnected"),
        (end_by_drain, "server"),
        (end_by_agent, "server"),
    ],
)
async def test_transcript_log_tells_how_a_conversation_ended(
    end: Callable[[MockSocket, SpeechEngineSession], Any], ending: str
) -> None:
    """The head says whether the platform ended it, the socket was gone, or this server did it."""
    items: list[Item] = []
    async with conversation(init(), **log_to(items)) as (socket, session):
        await until(lambda: items)
        await end(socket, session)
        await until(lambda: "ended_at" in items[-1])
    assert items[-1]["ending"] == ending


async def test_transcript_log_forgets_what_has_ended() -> None:
    """Nothing of a conversation is kept beyond its end."""
    log = make_log([])
    async with conversation(init(), **log.handlers()) as (socket, _):
        socket.push(transcript(1, "hi"))
        await socket.received(final(1))
        assert log._calls
    assert not log._calls


def test_transcript_log_knows_no_connection_without_a_conversation() -> None:
    """Turns and ends of what never sent the first frame leave nothing."""
    items: list[Item] = []
    handlers, session = log_to(items), SpeechEngineSession(MockSocket())
    handlers["on_turn_ended"](Turn(1, 0.0), session)
    handlers["on_disconnect"](session)
    handlers["on_ended"](session)
    assert items == []


def test_transcript_log_passes_events_on() -> None:
    """The agent's own handlers get the same values, and the runtime gets what they return."""
    calls: list[tuple[object, ...]] = []

    def handle(*values: object) -> str:
        calls.append(values)
        return "result"

    items: list[Item] = []
    names = ["on_init", "on_turn_ended", "on_close", "on_disconnect", "on_ended", "on_error"]
    handlers = log_to(items, **dict.fromkeys(names, handle))
    session, turn = SpeechEngineSession(MockSocket()), Turn(1, 0.0)
    turn.end("complete", 1.0)
    values = [("conv_1", session), (turn, session), *[(session,)] * 4]
    for name, given in zip(names, values, strict=True):
        assert handlers[name](*given) == "result"
        assert calls.pop() == given


def test_transcript_log_hands_over_references_only() -> None:
    """The event loop copies nothing: the turn itself is handed over, with what it weighs."""
    put: list[tuple[Any, ...]] = []
    log = TranscriptLog(lambda *values: put.append(values), {}, engine_id_header="X-Engine")
    session = SpeechEngineSession(MockSocket())
    turn = Turn(1, 0.0, (ConversationMessage("user", "hi"),))
    handlers = log.handlers()
    handlers["on_init"]("conv_1", session)
    handlers["on_turn_ended"](turn, session)
    (_, (spoke, size_bytes)) = put
    assert spoke.turn is turn
    assert size_bytes > 0


@pytest.mark.parametrize("word", ["a", "\u00e9", "\u8a9e", "\U0001f600"])
def test_transcript_log_tells_how_much_a_turn_keeps_in_memory(word: str) -> None:
    """The size that it gives is at least what Python takes for the history and the answer."""
    sizes: list[int] = []

    def put(_event: Event, size_bytes: int = 0) -> None:
        sizes.append(size_bytes)

    frame = json.dumps({"user_transcript": [{"role": "user", "content": word * 30}] * 200})
    tracemalloc.start()
    turn = Turn(1, 0.0, tuple(read_transcript(json.loads(frame), 200)[0]))
    turn.texts = json.loads(json.dumps([word * 3] * 200))
    kept_bytes, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    handlers = TranscriptLog(put, {}, engine_id_header="X-Engine").handlers()
    session = SpeechEngineSession(MockSocket())
    handlers["on_init"]("conv_1", session)
    handlers["on_turn_ended"](turn, session)
    assert sizes[-1] >= kept_bytes
