from __future__ import annotations

import asyncio
import collections.abc
import dataclasses
import datetime
import enum
import functools
import json
import logging
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import pytest
from pydantic import Field

import agents
from agents.prompt import ToolCall
from agents.tools import MAX_CALLS, Tool, Toolbox, ToolError, tool
from speech_engine import SpeechEngineSession
from tests.fakes.sockets import MockSocket, chunk, conversation, final, init, transcript, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from decimal import Decimal

    from agents.prompt import ToolResult
    from speech_engine import SpeechEngineSession as Conversation

SECRET = "sk_test_tools"


class Size(enum.Enum):
    """A type that JSON has no word for."""

    SMALL = "small"
    LARGE = "large"


@dataclasses.dataclass
class Item:
    """A type of several fields."""

    name: str
    size: Size = Size.SMALL


def call_of(name: str, arguments: object = None, number: int = 1) -> ToolCall:
    text = arguments if isinstance(arguments, str) else json.dumps(arguments or {})
    return ToolCall(f"call_{number}", name, text)


def session_of_nobody() -> SpeechEngineSession:
    return SpeechEngineSession(MockSocket())


async def run(*calls: ToolCall, tools: list[Tool]) -> tuple[ToolResult, ...]:
    with Toolbox(tools).start(calls, session_of_nobody()) as running:
        return await running.results()


async def use(tool_used: Tool, arguments: object = None) -> ToolResult:
    (result,) = await run(call_of(tool_used.spec.name, arguments), tools=[tool_used])
    return result


@tool
async def order(item: Item, quantity: int = 1, note: str | None = None) -> str:
    """Put an item on the list."""
    return f"{quantity} {item.size.value} {item.name} {note}"


# -- what a model is told ------------------------------------------------------------------------


def test_tool_tells_a_model_name_purpose_and_schema() -> None:
    """A tool's description is its function's: name, docstring, typed parameters and defaults."""
    assert (order.spec.name, order.spec.description) == ("order", "Put an item on the list.")
    assert order.spec.parameters["type"] == "object"
    assert order.spec.parameters["required"] == ["item"]
    assert order.spec.parameters["additionalProperties"] is False
    assert order.spec.parameters["properties"]["quantity"] == {"default": 1, "type": "integer"}


def test_tool_describes_its_parameters() -> None:
    """A parameter is described by its annotation, or else by the docstring's Args."""

    @tool
    def find(  # noqa: D417 - one is left out
        city: Annotated[str, Field(description="Where to look")], kind: str, near: str
    ) -> str:
        """Find a place.

        Only open ones.

        Args:
            city: not this one
            kind (str): What it is,
                in one word
            stranger: nobody's

        Returns:
            near: a list of names
        """
        return city + kind + near

    properties = find.spec.parameters["properties"]
    assert find.spec.description == "Find a place.\n\nOnly open ones."
    assert properties["city"]["description"] == "Where to look"
    assert properties["kind"]["description"] == "What it is, in one word"
    assert properties["near"] == {"type": "string"}


async def test_tool_gets_the_session_unseen_by_the_model() -> None:
    """The session is handed in by its name or its type, also where only type checkers know it."""

    @tool
    async def look(
        word: str, session: Conversation, here: SpeechEngineSession, there: Any = None
    ) -> bool:
        """Look."""
        return (session, there) == (here, None)

    assert list(look.spec.parameters["properties"]) == ["word", "there"]
    assert (await use(look, {"word": "x"})).content == "true"
    refused = await use(look, {"word": "x", "session": "mine"})
    assert refused.failed


async def test_tool_is_still_a_function() -> None:
    """A fork's own tests call a tool as the function that it is."""
    assert await order(Item("tea"), quantity=2) == "2 small tea None"


def test_tool_may_have_parameters_of_any_name() -> None:
    """Names that libraries use for themselves are a tool's to use."""

    @tool
    def odd(json: str, schema: str, model_config: int, _under: str, self: str = "") -> str:
        """Be odd."""
        return json + schema + str(model_config) + _under + self

    names = ["json", "schema", "model_config", "_under", "self"]
    assert list(odd.spec.parameters["properties"]) == names


def no_docstring(text: str) -> None: ...


def no_type(text) -> None:  # type: ignore[no-untyped-def]
    """Do."""


def no_such_type(text: Decimal) -> None:
    """Do."""


def no_json(text: threading.Thread) -> None:
    """Do."""


def no_schema(text: collections.abc.Callable[[], None]) -> None:
    """Do."""


def bad_type(text: "str |") -> None:  # type: ignore[valid-type] # noqa: F722
    """Do."""


def by_position(text: str, /) -> None:
    """Do."""


def anything(*texts: str) -> None:
    """Do."""


def one_by_one(number: int) -> Iterator[int]:
    """Do."""
    yield number


async def one_after_another(number: int) -> AsyncIterator[int]:
    """Do."""
    yield number


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (no_docstring, "tool 'no_docstring' has no docstring"),
        (functools.partial(no_type, "x"), "tool 'partial' has no docstring"),
        (no_type, "tool 'no_type' has the parameter text without a type"),
        (no_such_type, "name 'Decimal' is not defined"),
        (no_json, "tool 'no_json' has parameters that no JSON describes"),
        (no_schema, "tool 'no_schema' has parameters that no JSON describes"),
        (bad_type, "tool 'bad_type' has a type that can't be read"),
        (by_position, "can't be given by name"),
        (anything, "can't be given by name"),
        (one_by_one, "tool 'one_by_one' yields; return the whole result"),
        (one_after_another, "tool 'one_after_another' yields"),
    ],
)
def test_tool_refuses_what_no_model_could_call(function: Any, reason: str) -> None:
    """A function that can't be a tool is one line when it is made, not at the first call."""
    with pytest.raises(ToolError) as caught:
        tool(function)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


def test_tool_refuses_a_time_limit_of_nothing() -> None:
    """A tool needs time to run."""
    with pytest.raises(ToolError, match="a time limit of 0 s"):
        tool(seconds=0)(anything)


def test_toolbox_refuses_names_that_clash_or_that_no_provider_takes() -> None:
    """Whatever is wrong with the tools together is one line before the first turn."""

    def measure() -> None:
        """Measure."""

    measure.__name__ = "größe"

    for tools, reason in [
        ([order, order], "there are two tools called 'order'"),
        ([tool(measure)], "tool 'größe' can't be called so"),
        ([anything], "^'anything' is no tool; write @tool"),
    ]:
        with pytest.raises(ToolError, match=reason):
            Toolbox(tools)  # type: ignore[arg-type]


def test_tools_load_no_library_before_one_is_made() -> None:
    """An agent without tools does not wait for pydantic."""
    program = "import agents.tools, sys; sys.exit('pydantic' in sys.modules)"
    environ = {"PYTHONPATH": str(Path(agents.__path__[0]).parent)}
    subprocess.run([sys.executable, "-c", program], env=environ, check=True)


# -- a round -------------------------------------------------------------------------------------


async def test_tools_of_a_round_run_at_once_and_answer_in_order() -> None:
    """Calls wait for each other, not in line: async ones on the loop, plain ones in threads."""
    met = asyncio.Barrier(2)
    met_in_threads = threading.Barrier(2, timeout=5)

    @tool
    async def wait(number: int) -> int:
        """Wait for the other."""
        async with met:
            return number

    @tool
    def block(number: int) -> int:
        """Block until the other does."""
        met_in_threads.wait()
        return number

    names = ["wait", "block", "block", "wait"]
    calls = [call_of(name, {"number": number}, number) for number, name in enumerate(names)]
    results = await run(*calls, tools=[wait, block])
    assert [(result.call, result.content) for result in results] == [
        (call, str(number)) for number, call in enumerate(calls)
    ]
    assert not any(result.failed for result in results)


async def test_tools_of_an_empty_round_have_no_results() -> None:
    """Nothing called is nothing to wait for."""
    with Toolbox([order]).start([], session_of_nobody()) as running:
        assert await running.wait()
        assert await running.results() == ()


@pytest.mark.parametrize(
    ("value", "content"),
    [
        ("two  tables", "two  tables"),
        ("", '""'),
        (None, "null"),
        ({"at": datetime.date(2026, 1, 2), "items": [Item("tea")]}, None),
        ("x" * 9_000, "x" * 7_992 + " … (cut)"),
        ("caf\udce9", "caf?"),
    ],
)
async def test_tool_results_are_text_of_bounded_length(value: object, content: str | None) -> None:
    """A text stays as it is, all else is JSON; nothing is blank, endless or without an encoding."""

    @tool
    async def give() -> object:
        """Give."""
        return value

    result = await use(give)
    expected = content or '{"at":"2026-01-02","items":[{"name":"tea","size":"small"}]}'
    assert (result.content, result.failed) == (expected, False)


async def test_tool_arguments_become_what_the_types_say() -> None:
    """Nested types are made of the JSON, absent arguments take their defaults, none need be."""
    arguments = {"item": {"name": "tea", "size": "large"}, "quantity": 3}
    assert (await use(order, arguments)).content == "3 large tea None"

    @tool
    async def ping() -> str:
        """Ping."""
        return "pong"

    assert (await use(ping, "")).content == "pong"


@tool
async def weigh(grams: float, unit: Literal["g", "oz"]) -> str:
    """Weigh."""
    return f"{grams:g} {unit}"


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (SECRET, ""),
        (f'["{SECRET}"]', ""),
        ("[" * 100_000, ""),
        ('{"grams": NaN, "unit": "g"}', " Look at: grams."),
        (f'{{"grams": "{SECRET}", "unit": "{SECRET}"}}', " Look at: grams, unit."),
        (f'{{"grams": 1, "unit": "g", "{SECRET}": 1}}', ""),
    ],
)
async def test_tool_arguments_that_do_not_fit_are_refused(arguments: str, hint: str) -> None:
    """A model is told which of the tool's own parameters is wrong, and nothing is said back."""
    result = await use(weigh, arguments)
    assert result.failed
    assert result.content == (
        f"The arguments do not match the tool's schema.{hint} Correct them and call again."
    )


@tool
async def fail(text: str) -> None:
    """Fail."""
    raise ValueError(text)


@tool
def fail_in_thread(text: str) -> None:
    """Fail."""
    raise ValueError(text)


@tool
async def give_up(text: str) -> None:
    """Cancel itself."""
    raise asyncio.CancelledError(text)


@tool
async def leave(text: str) -> None:
    """End the process."""
    sys.exit(text)


@tool
async def give_lock(text: str) -> tuple[str, object]:
    """Return what is no JSON."""
    return text, threading.Lock()


@pytest.mark.parametrize(
    ("name", "reason", "has_exception"),
    [
        ("fail", "exception", True),
        ("fail_in_thread", "exception", True),
        ("leave", "exception", True),
        ("give_up", "cancelled", False),
        ("give_lock", "no_json", True),
        (SECRET, "unknown_tool", False),
        ("__class__", "unknown_tool", False),
    ],
)
async def test_tool_failures_are_texts_without_secrets(
    name: str, reason: str, has_exception: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """The model is told to go on without; the log has the reason, and arguments are nowhere."""
    tools = [fail, fail_in_thread, leave, give_up, give_lock]
    (result,) = await run(call_of(name, {"text": SECRET}), tools=tools)
    assert result.failed
    assert result.content
    assert SECRET not in result.content + result.call.name
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("agents.tools", logging.WARNING)
    fields = record.__dict__["fields"]
    assert fields["reason"] == reason
    assert fields["tool"] == (None if reason == "unknown_tool" else name)
    assert fields["duration_ms"] < 5_000
    assert bool(record.exc_info and record.exc_info[0]) is has_exception
    assert SECRET not in f"{record.getMessage()}{fields}"


async def test_tool_failure_is_logged_with_its_conversation_and_turn(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Whoever reads of a failure finds the conversation it belongs to."""

    async def on_transcript(_: Any, session: SpeechEngineSession) -> None:
        with Toolbox([fail]).start([call_of("fail", {"text": "x"})], session) as running:
            await running.results()

    async with conversation(init(), transcript(7), on_transcript=on_transcript) as (
        socket,
        session,
    ):
        await socket.received(final(7))
        (record,) = caplog.records
        fields = record.__dict__["fields"]
        assert (fields["conversation_id"], fields["event_id"]) == (session.conversation_id, 7)
        assert session.conversation_id


async def test_tools_beyond_the_most_of_a_round_are_not_carried_out() -> None:
    """A model that was talked into calling without end is held at a bound."""
    numbers: list[int] = []

    @tool
    async def count(number: int) -> None:
        """Count."""
        numbers.append(number)

    calls = [call_of("count", {"number": number}, number) for number in range(MAX_CALLS + 2)]
    results = await run(*calls, tools=[count])
    assert numbers == list(range(MAX_CALLS))
    assert [result.failed for result in results] == [False] * MAX_CALLS + [True] * 2


# -- time ----------------------------------------------------------------------------------------


async def test_tool_that_takes_too_long_is_cancelled_alone() -> None:
    """At its limit a call ends as a failure that says so; the others of the round have theirs."""
    ended = asyncio.Event()

    @tool(seconds=0.05)
    async def hang() -> None:
        """Hang."""
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    @tool
    async def take_a_while() -> str:
        """Go on for longer than the other may."""
        await ended.wait()
        return "done"

    slow, good = await run(call_of("hang"), call_of("take_a_while"), tools=[hang, take_a_while])
    assert slow.failed
    assert slow.content.startswith("The tool took too long.")
    assert (good.content, good.failed) == ("done", False)


async def test_tool_that_cannot_be_ended_is_left_behind(caplog: pytest.LogCaptureFixture) -> None:
    """Neither a thread nor a task that refuses to end holds up the round, nor is heard later."""
    release = threading.Event()
    may_end = asyncio.Event()
    left: list[Any] = []

    @tool(seconds=0.05)
    def block() -> str:
        """Block."""
        release.wait(10)
        return SECRET

    @tool(seconds=0.05)
    async def refuse() -> None:
        """Refuse to be cancelled."""
        left.append(asyncio.current_task())
        try:
            await may_end.wait()
        except asyncio.CancelledError:
            await may_end.wait()
        raise ValueError(SECRET)

    begun = time.monotonic()
    results = await run(call_of("block"), call_of("refuse"), tools=[block, refuse])
    assert time.monotonic() - begun < 5
    assert all(result.content.startswith("The tool took too long.") for result in results)
    release.set()
    may_end.set()
    assert await asyncio.gather(*left, return_exceptions=True)
    left.clear()
    assert [record.__dict__["fields"]["reason"] for record in caplog.records] == ["too_slow"] * 2


async def test_tools_tell_when_it_is_time_for_a_filler() -> None:
    """A wait says whether the round is over, and the filler is that of a tool that still runs."""
    go = asyncio.Event()

    @tool(filler="Not me.")
    async def hurry() -> None:
        """Return at once."""

    @tool
    async def wander() -> None:
        """Have nothing to say meanwhile."""
        await go.wait()

    @tool(filler="Let me look.")
    async def look() -> None:
        """Take a while."""
        await go.wait()

    calls = [call_of("hurry"), call_of("nobody"), call_of("wander"), call_of("look")]
    with Toolbox([hurry, wander, look]).start(calls, session_of_nobody()) as running:
        assert not await running.wait(0.01)
        fillers = [running.filler]
        go.set()
        assert await running.wait(5)
        assert [*fillers, running.filler] == ["Let me look.", None]
        assert [result.failed for result in await running.results()] == [False, True, False, False]


async def test_tools_are_cancelled_with_their_turn() -> None:
    """An interruption cancels what the old turn called, and waits for nothing."""
    seen: list[object] = []
    cancelled = asyncio.Event()
    hold = asyncio.Event()

    @tool
    async def hang(session: SpeechEngineSession) -> None:
        """Hang, and be slow to end."""
        seen.append(session.turn and session.turn.event_id)
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()
            await hold.wait()

    async def on_transcript(heard: Any, session: SpeechEngineSession) -> None:
        if heard[-1].content == "stop":
            await session.send_response("stopped")
            return
        with Toolbox([hang]).start([call_of("hang")], session) as running:
            await running.results()

    async with conversation(init(), on_transcript=on_transcript) as (socket, _):
        socket.push(transcript(1, "go"))
        await until(lambda: seen)
        socket.push(transcript(2, "stop"))
        await socket.received(chunk("stopped", 2), final(2))
        await asyncio.wait_for(cancelled.wait(), 5)
        hold.set()
    assert seen == [1]


async def test_tools_of_an_answer_that_nobody_reads_are_cancelled() -> None:
    """A round ends with the generator that began it, also when it is left at a yield."""
    cancelled = asyncio.Event()

    @tool
    async def hang() -> None:
        """Hang."""
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    async def answer() -> Any:
        with Toolbox([hang]).start([call_of("hang")], session_of_nobody()) as running:
            await running.wait(0.01)
            yield "One moment."

    words = answer()
    assert await anext(words) == "One moment."
    await words.aclose()
    await asyncio.wait_for(cancelled.wait(), 5)
