from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import pytest

from service.conversation_log import ConversationLog
from service.logs import JsonFormatter
from speech_engine import SpeechEngineSession, Turn

if TYPE_CHECKING:
    from collections.abc import Callable


class Socket:
    """A socket that nobody talks through."""

    async def recv(self) -> str:
        raise NotImplementedError

    async def send(self, message: str) -> None:
        raise NotImplementedError

    async def close(self) -> None:
        raise NotImplementedError


@pytest.fixture
def events(caplog: pytest.LogCaptureFixture) -> Callable[[], list[dict[str, Any]]]:
    """What was logged so far, as parsed lines."""
    caplog.set_level(logging.INFO)
    return lambda: [json.loads(JsonFormatter().format(record)) for record in caplog.records]


def test_conversation_log_forgets_what_has_ended(
    events: Callable[[], list[dict[str, Any]]],
) -> None:
    """A conversation's record goes with it, and what comes late is still told by its id."""
    clock = iter([100.0, 107.5])
    log = ConversationLog("X-Engine", {}, clock=lambda: next(clock))
    handlers, session = log.handlers(), SpeechEngineSession(Socket())
    session._conversation_id = "conv_1"
    handlers["on_init"]("conv_1", session)
    handlers["on_turn_ended"](Turn(5, 1.0), session)
    handlers["on_ended"](session)
    handlers["on_error"](ValueError("late"), session)
    assert not log._records
    names = [event["event"] for event in events()]
    assert names == [
        "conversation started",
        "turn ended",
        "conversation ended",
        "error in conversation",
    ]
    assert (events()[2]["duration_seconds"], events()[2]["turns"]) == (7.5, 1)
    assert {event["conversation_id"] for event in events()} == {"conv_1"}


def test_conversation_log_tells_a_connection_without_a_conversation(
    events: Callable[[], list[dict[str, Any]]],
) -> None:
    """A connection that never sends the first frame is told as such."""
    session = SpeechEngineSession(Socket())
    session.close_code = 1006
    ConversationLog("X-Engine", {}).handlers()["on_ended"](session)
    (event,) = events()
    assert (event["event"], event["close_code"]) == ("connection ended before init", 1006)


def test_conversation_log_passes_events_on() -> None:
    """The agent's handlers get the same values, and the runtime gets what they return."""
    calls: list[tuple[object, ...]] = []

    def handle(*values: object) -> str:
        calls.append(values)
        return "result"

    agent = {"on_init": handle, "on_error": handle, "on_transcript": handle, "on_close": handle}
    handlers = ConversationLog("X-Engine", agent).handlers()
    session, error = SpeechEngineSession(Socket()), ValueError()
    assert handlers["on_init"]("conv_1", session) == "result"
    assert handlers["on_error"](error, session) == "result"
    assert calls == [("conv_1", session), (error, session)]
    assert handlers["on_transcript"] is handlers["on_close"] is handle


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("on_init", ("conv_1",)),
        ("on_error", (ValueError("bad"),)),
        ("on_turn_ended", (Turn(5, 1.0),)),
        ("on_first_chunk_late", (Turn(5, 1.0),)),
        ("on_ended", ()),
    ],
)
def test_conversation_log_calls_the_agents_own_handler(
    name: str, arguments: tuple[Any, ...]
) -> None:
    """What the log listens to reaches the agent, too, and what the agent returns the runtime."""
    session = SpeechEngineSession(Socket())
    seen: list[tuple[Any, ...]] = []

    def handler(*given: Any) -> str:
        seen.append(given)
        return "awaitable"

    handlers = ConversationLog("X-Engine", {name: handler}).handlers()
    assert handlers[name](*arguments, session) == "awaitable"
    assert seen == [(*arguments, session)]
