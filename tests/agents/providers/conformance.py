"""What every provider's module promises: each `check_…` is put to every candidate."""

from __future__ import annotations

import asyncio
import gc
import json
import time
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from agents.prompt import ModelError, ModelRefused, ToolCall, ToolResult, ToolRound
from tests.agents.providers.candidates import PROMPT, WEATHER, collect, listen
from tests.fakes.model_servers.server import (
    Break,
    Call,
    EndEarly,
    ModelServer,
    Pause,
    Raw,
    Refuse,
    Say,
    Stall,
    StreamFailure,
)

if TYPE_CHECKING:
    from tests.agents.providers.candidates import Candidate
    from tests.fakes.model_servers.server import Step

NOTICED_SECONDS = 0.25
_OVER_SECONDS = 1.0
_END = Raw(lambda wire: wire.end())


async def check_streams_text(candidate: Candidate) -> None:
    """Pieces come one by one, while the provider still works; closing after one hangs up."""
    candidate.server.script = lambda _: [Say("One,"), Pause(), Say("never")]
    async with aclosing(candidate.open()) as model:
        answer = model.stream(PROMPT)
        assert await anext(answer) == "One,"
        before = candidate.server.hung_up
        gc.disable()  # it would close what was forgotten
        try:
            await answer.aclose()
            await _expect_hang_up(candidate.server, before)
        finally:
            gc.enable()


async def check_calls_a_tool(candidate: Candidate) -> None:
    """A call comes whole after the text, and its result goes back in the provider's own form."""
    candidate.server.script = lambda _: [Say("Let me see."), Call("weather", {"city": "Łódź"})]
    prompt = replace(PROMPT, tools=(WEATHER,))
    async with aclosing(candidate.open()) as model:
        text, call = await collect(model, prompt)
    assert text == "Let me see."
    assert isinstance(call, ToolCall)
    assert call.name == "weather"
    assert json.loads(call.arguments) == {"city": "Łódź"}
    results = (ToolResult(call, "It rains."),)
    candidate.server.script = lambda _: [Say("It rains there.")]
    async with aclosing(candidate.open()) as model:
        again = replace(prompt, rounds=(ToolRound("Let me see.", results),))
        assert await collect(model, again) == ["It rains there."]
    body = json.dumps(candidate.server.requests[-1].body, ensure_ascii=False)
    assert body.index("Let me see.") < body.index("Łódź") < body.index("It rains.")


async def check_breaks_in_the_middle(candidate: Candidate) -> None:
    """A connection that is cut after the first words is an error after those words."""
    await _expect_failure_after_text(candidate, Break())


async def check_fails_in_the_middle(candidate: Candidate) -> None:
    """So is the provider's own error event inside the stream, which is told as that."""
    reason = await _expect_failure_after_text(candidate, StreamFailure())
    assert "status page" in reason or "AWS Health Dashboard" in reason


async def check_fails_before_it_speaks(candidate: Candidate) -> None:
    """An error event as the first thing in a stream is an error that may pass."""
    candidate.server.script = lambda _: [StreamFailure()]
    _expect_no_secrets(candidate, await candidate.fail(), is_refused=False)


async def check_ends_too_early(candidate: Candidate) -> None:
    """And so is an answer without its end: a proxy or a server cut it off."""
    reason = await _expect_failure_after_text(candidate, EndEarly())
    assert "the connection ended before it did" in reason


async def _expect_failure_after_text(
    candidate: Candidate, step: Break | StreamFailure | EndEarly
) -> str:
    # The pause lets the text out: a reset connection may lose what was not read yet.
    candidate.server.script = lambda _: [Say("Well,"), Pause(0.05), step]
    heard: list[str | ToolCall] = []
    async with aclosing(candidate.open()) as model:
        with pytest.raises(ModelError) as caught:
            await listen(model, heard)
    assert heard == ["Well,"]
    _expect_no_secrets(candidate, caught.value, is_refused=False)
    return str(caught.value)


def _expect_no_secrets(candidate: Candidate, error: ModelError, *, is_refused: bool) -> None:
    """One line about the model, without words of the conversation, key, or what led to it."""
    assert isinstance(error, ModelRefused) is is_refused
    assert "/test-model" in str(error).partition(" ")[0]
    assert "\n" not in str(error)
    assert "Hi" not in str(error)
    assert candidate.key not in str(error)
    assert error.__cause__ is None
    assert error.__context__ is None or error.__suppress_context__


async def check_is_limited(candidate: Candidate) -> None:
    """429 is told at once with the time that the provider asks for, and never retried here."""
    candidate.server.script = lambda _: [Refuse(429, retry_after="7")]
    async with aclosing(candidate.open()) as model:
        started = time.monotonic()
        with pytest.raises(ModelError) as caught:
            await collect(model)
    assert caught.value.retry_after_seconds == 7
    assert not isinstance(caught.value, ModelRefused)
    assert time.monotonic() - started < 2
    assert len(candidate.server.requests) == 1


async def check_stalled_stream_is_closed(candidate: Candidate) -> None:
    """Whoever waits for a stalled stream may give up, and the connection is closed at once."""
    async with aclosing(candidate.open()) as model:
        await model.check()  # opening a client is not what is timed here
        for steps in ([Pause()], [Say("Well,"), Pause()]):
            candidate.server.script = lambda _, steps=steps: steps  # type: ignore[misc]
            before = candidate.server.hung_up
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.3):
                    await collect(model)
            await _expect_hang_up(candidate.server, before)


async def check_interruption_closes(candidate: Candidate) -> None:
    """Cancelling the reader closes the provider's connection within a quarter of a second."""
    await _interrupt(candidate, Say("Well,"), Pause())


async def check_interruption_closes_before_headers(candidate: Candidate) -> None:
    """So does cancelling a reader whose provider has not even begun to answer."""
    await _interrupt(candidate, Stall())


async def _interrupt(candidate: Candidate, *steps: Step) -> None:
    candidate.server.script = lambda _: steps
    async with aclosing(candidate.open()) as model:
        reading = asyncio.ensure_future(collect(model))
        await candidate.server.wait_until(lambda: candidate.server.streaming == 1)
        before = candidate.server.hung_up
        reading.cancel()
        await _expect_hang_up(candidate.server, before)
        with pytest.raises(asyncio.CancelledError):
            await reading


async def _expect_hang_up(server: ModelServer, before: int) -> None:
    async with asyncio.timeout(NOTICED_SECONDS):
        await server.wait_until(lambda: server.hung_up == before + 1)


async def check_first_turn_uses_the_open_connection(candidate: Candidate) -> None:
    """The connection that the check opened carries the first turns, one after the other."""
    async with aclosing(candidate.open()) as model:
        await model.check()
        await collect(model)
        await collect(model)
    assert candidate.server.connections == 1


async def check_waits_a_little_for_the_end_of_the_body(candidate: Candidate) -> None:
    """A body that ends a moment after the provider's own end leaves its connection usable."""
    async with aclosing(candidate.open()) as model:
        await model.check()
        candidate.server.script = lambda _: [Say("Done."), _END, Pause(0.005), EndEarly()]
        assert [await collect(model) for _ in range(2)] == [["Done."]] * 2
    assert candidate.server.connections == 1


async def check_does_not_wait_for_a_body_without_end(candidate: Candidate) -> None:
    """The provider's own end is the answer's, calls and all; a body kept open is hung up on."""
    async with aclosing(candidate.open()) as model:
        await model.check()
        candidate.server.script = lambda _: [Say("So:"), Call("weather", {}), _END, Pause()]
        before = candidate.server.hung_up
        async with asyncio.timeout(_OVER_SECONDS):
            text, call = await collect(model)
        assert (text, isinstance(call, ToolCall)) == ("So:", True)
        await _expect_hang_up(candidate.server, before)


async def check_survives_a_long_quiet(candidate: Candidate) -> None:
    """A connection that the provider closed while nobody spoke costs no turn."""
    async with aclosing(candidate.open()) as model:
        first = await collect(model)
        await candidate.server.drop_connections()
        assert await collect(model) == first
    assert candidate.server.connections == 2


async def check_refuses_a_wrong_key(candidate: Candidate) -> None:
    """A key that the provider does not take is noticed by the check, and by a turn."""
    candidate.server.key = "another-key"
    async with aclosing(candidate.open()) as model:
        with pytest.raises(ModelRefused):
            await model.check()
        with pytest.raises(ModelRefused):
            await collect(model)


async def check_refuses_an_unknown_model(candidate: Candidate) -> None:
    """A model that the provider does not have is noticed by the check, and by a turn."""
    async with aclosing(candidate.open("no-such-model")) as model:
        with pytest.raises(ModelRefused, match="no-such-model"):
            await model.check()
        with pytest.raises(ModelRefused):
            await collect(model)


async def check_tells_of_an_unreachable_provider(candidate: Candidate) -> None:
    """Nobody there is an error that may pass, for the check and for a turn."""
    candidate.server.is_down = True
    async with aclosing(candidate.open()) as model:
        with pytest.raises(ModelError) as unchecked:
            await model.check()
        with pytest.raises(ModelError) as unanswered:
            await collect(model)
    assert not isinstance(unchecked.value, ModelRefused)
    assert not isinstance(unanswered.value, ModelRefused)


async def check_tells_errors_apart(candidate: Candidate) -> None:
    """What is wrong for good is refused, what may pass is not; nothing is asked a second time."""
    statuses = {400: True, 403: True, 404: True, 500: False, 503: False}
    refusals = iter([[Refuse(status)] for status in statuses])
    candidate.server.script = lambda _: next(refusals)
    async with aclosing(candidate.open()) as model:
        for is_refused in statuses.values():
            with pytest.raises(ModelError) as caught:
                await collect(model)
            _expect_no_secrets(candidate, caught.value, is_refused=is_refused)
    assert len(candidate.server.requests) == len(statuses)
    assert candidate.server.connections == 1


async def check_does_not_wait_for_an_error_without_end(candidate: Candidate) -> None:
    """The status of an error counts, and how long to wait; a body that does not end is left."""
    async with aclosing(candidate.open()) as model:
        await model.check()
        candidate.server.script = lambda _: [Refuse(429, retry_after="7", ends=False)]
        before = candidate.server.hung_up
        with pytest.raises(ModelError) as caught:
            async with asyncio.timeout(_OVER_SECONDS):
                await collect(model)
        _expect_no_secrets(candidate, caught.value, is_refused=False)
        assert caught.value.retry_after_seconds == 7
        await _expect_hang_up(candidate.server, before)


async def check_is_not_sent_elsewhere(candidate: Candidate) -> None:
    """A redirect is an error, told as the status that it is: nothing said follows it."""
    candidate.server.script = lambda _: [Refuse(307)]
    assert "307" in str(await candidate.fail())
    assert len(candidate.server.requests) == 1


async def check_sends_its_key_in_one_header_alone(candidate: Candidate) -> None:
    """What tells who asks stands in one header of each request, and in nothing that is printed."""
    async with aclosing(candidate.open()) as model:
        await model.check()
        await collect(model)
        assert candidate.key not in f"{model!r}{vars(model)!r}"
    for request in candidate.server.requests:
        assert sum(candidate.key in value for value in request.headers.values()) == 1
        assert candidate.key not in f"{request.path}{request.body}"
