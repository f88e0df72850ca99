from __future__ import annotations

import asyncio
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from agents.prompt import (
    Model,
    ModelError,
    ModelOptions,
    ModelRefused,
    Prompt,
    ToolCall,
    ToolResult,
    ToolRound,
)
from agents.providers import anthropic
from agents.providers.access import Access
from speech_engine import ConversationMessage
from tests.agents.providers import conformance
from tests.agents.providers.conformance import PROMPT, WEATHER, Candidate, collect
from tests.fakes.model_servers.anthropic import QUOTE, AnthropicWire
from tests.fakes.model_servers.server import (
    Call,
    Pause,
    Raw,
    Refuse,
    Say,
    StreamFailure,
    serve_model,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

KEY = "sk_test_anthropic"


@asynccontextmanager
async def serve(**wire: Any) -> AsyncIterator[Candidate]:
    async with serve_model(partial(AnthropicWire, **wire)) as server:
        server.key = KEY

        def make(model: str, options: ModelOptions) -> Model:
            access = Access(api_key=KEY, base_url=server.url)
            return anthropic.create(f"anthropic/{model}", model, access, options)

        yield Candidate(server, make)


async def ask(candidate: Candidate, prompt: Prompt = PROMPT) -> list[str | ToolCall]:
    async with aclosing(candidate.open()) as model:
        return await collect(model, prompt)


async def fail(candidate: Candidate, prompt: Prompt = PROMPT) -> ModelError:
    with pytest.raises(ModelError) as caught:
        await ask(candidate, prompt)
    return caught.value


@pytest.mark.parametrize(
    "check", conformance.CHECKS, ids=lambda check: check.__name__.removeprefix("check_")
)
async def test_anthropic_keeps_the_promises_of_a_provider(
    check: Callable[[Candidate], Awaitable[None]],
) -> None:
    """Every promise that all providers make is kept over Anthropic's wire format."""
    async with serve() as candidate:
        await check(candidate)


async def test_anthropic_is_asked_in_its_own_form() -> None:
    """Roles, system prompt, options and tools stand where the Messages API wants them."""
    messages = (
        ConversationMessage("user", "Hi"),
        ConversationMessage("agent", "Hello!"),
        ConversationMessage("user", "Weather?"),
    )
    async with serve() as candidate:
        await ask(candidate, replace(PROMPT, messages=messages, tools=(WEATHER,)))
        request = candidate.server.requests[0]
    assert (request.method, request.path) == ("POST", "/v1/messages")
    assert request.body == {
        "model": "test-model",
        "stream": True,
        "max_tokens": 200,
        "system": "Be brief.",
        "messages": [
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": "Hello!"},
            {"role": "user", "content": "Weather?"},
        ],
        "tools": [
            {
                "name": "weather",
                "description": "The weather of a city.",
                "input_schema": dict(WEATHER.parameters),
            }
        ],
    }


async def test_anthropic_is_not_told_what_nobody_set() -> None:
    """Without options the request has the limit that the API wants, and nothing else."""
    async with serve() as candidate:
        async with aclosing(candidate.make("test-model", ModelOptions())) as model:
            await collect(model, Prompt(instructions="", messages=PROMPT.messages))
        body = candidate.server.requests[0].body
    assert body == {
        "model": "test-model",
        "stream": True,
        "max_tokens": 1024,
        "messages": [{"role": "user", "content": "Hi"}],
    }


async def test_anthropic_takes_no_temperature(caplog: pytest.LogCaptureFixture) -> None:
    """A temperature, which the API refuses, is left out with a warning that names the model."""
    async with serve() as candidate:
        await ask(candidate)
        assert "temperature" not in candidate.server.requests[0].body
    (record,) = (record for record in caplog.records if record.name == "agents")
    assert record.message == "temperature left out"
    assert vars(record)["model"] == "anthropic/test-model"


async def test_anthropic_gets_its_key_in_one_header_alone() -> None:
    """The key travels in a single header, and stands in no other part of a request."""
    async with serve() as candidate:
        async with aclosing(candidate.open()) as model:
            await model.check()
            await collect(model)
            assert KEY not in repr(model)
        for request in candidate.server.requests:
            assert len([name for name, value in request.headers.items() if KEY in value]) == 1
            assert KEY not in request.path
            assert KEY not in str(request.body)


async def test_anthropic_is_told_what_its_calls_gave() -> None:
    """Calls go back as blocks with their ids, their results after them, failures marked."""
    calls = [
        ToolCall("toolu_a", "weather", '{"city": "Łódź"}'),
        ToolCall("toolu_b", "weather", "{"),
    ]
    results = (ToolResult(calls[0], "It rains."), ToolResult(calls[1], "No.", failed=True))
    async with serve() as candidate:
        await ask(candidate, replace(PROMPT, rounds=(ToolRound("Let me see.", results),)))
        messages = candidate.server.requests[0].body["messages"]
    assert messages[1:] == [
        {
            "role": "assistant",
            "content": [
                {"type": "text", "text": "Let me see."},
                {
                    "type": "tool_use",
                    "id": "toolu_a",
                    "name": "weather",
                    "input": {"city": "Łódź"},
                },
                {"type": "tool_use", "id": "toolu_b", "name": "weather", "input": {}},
            ],
        },
        {
            "role": "user",
            "content": [
                {
                    "type": "tool_result",
                    "tool_use_id": "toolu_a",
                    "content": "It rains.",
                    "is_error": False,
                },
                {
                    "type": "tool_result",
                    "tool_use_id": "toolu_b",
                    "content": "No.",
                    "is_error": True,
                },
            ],
        },
    ]


async def test_anthropic_may_call_without_words_and_without_arguments() -> None:
    """A call with empty arguments is a whole call, and goes back without an empty text."""
    async with serve() as candidate:
        candidate.server.script = lambda _: [Call("weather", {}), Call("weather", {"city": "Ulm"})]
        first, second = await ask(candidate, replace(PROMPT, tools=(WEATHER,)))
        assert isinstance(first, ToolCall)
        assert isinstance(second, ToolCall)
        assert (first.arguments, second.arguments) == ("{}", '{"city": "Ulm"}')
        assert first.id != second.id
        candidate.server.script = lambda _: [Say("Done.")]
        results = (ToolResult(first, "1"), ToolResult(second, "2"))
        await ask(candidate, replace(PROMPT, rounds=(ToolRound("", results),)))
        said = candidate.server.requests[-1].body["messages"][1]["content"]
    assert [block["type"] for block in said] == ["tool_use", "tool_use"]


async def test_anthropic_gets_its_thoughts_back_with_the_results() -> None:
    """Thoughts before a call are not said, and go back signed, unchanged and in their order."""
    async with serve(thought="Hm.") as candidate:
        candidate.server.script = lambda _: [
            Raw(AnthropicWire.redact),
            Say("Let me "),
            Say("see."),
            Call("weather", {}),
        ]
        *said, call = await ask(candidate, replace(PROMPT, tools=(WEATHER,)))
        assert said == ["Let me ", "see."]
        assert isinstance(call, ToolCall)
        candidate.server.script = lambda _: [Say("It rains.")]
        done = ToolRound("Let me see.", (ToolResult(call, "It rains."),))
        await ask(candidate, replace(PROMPT, rounds=(done,)))
        content = candidate.server.requests[-1].body["messages"][1]["content"]
    assert content == [
        {"type": "thinking", "thinking": "Hm.", "signature": "c2lnbmVk"},
        {"type": "redacted_thinking", "data": "c2VjcmV0"},
        {"type": "text", "text": "Let me see."},
        {"type": "tool_use", "id": call.id, "name": "weather", "input": {}},
    ]


async def test_anthropic_does_not_get_the_thoughts_of_another_model() -> None:
    """What another model, or another provider, wants back is left out of the request."""
    async with serve(thought="Hm.", models=("test-model", "other")) as candidate:
        candidate.server.script = lambda _: [Say("Let me see."), Call("weather", {})]
        _, call = await ask(candidate)
        assert isinstance(call, ToolCall)
        foreign = replace(call, extra=object())
        done = ToolRound("Let me see.", (ToolResult(call, "1"), ToolResult(foreign, "2")))
        candidate.server.script = lambda _: [Say("It rains.")]
        async with aclosing(candidate.open("other")) as model:
            await collect(model, replace(PROMPT, rounds=(done,)))
        content = candidate.server.requests[-1].body["messages"][1]["content"]
    assert [block["type"] for block in content] == ["text", "tool_use", "tool_use"]


def supporting(*names: str) -> dict[str, Any]:
    types = {
        kind: {"supported": kind in names}
        for kind in ("adaptive", "between_tools", "disabled", "enabled")
    }
    return {
        "thinking": {"supported": "thinking" in names, "types": types},
        "effort": {"supported": "low" in names, "low": {"supported": "low" in names}},
    }


@pytest.mark.parametrize(
    ("capabilities", "expected"),
    [
        (None, {}),
        ({"thinking": None}, {}),
        (supporting("disabled"), {}),
        (supporting("thinking", "disabled", "low"), {"thinking": {"type": "disabled"}}),
        (supporting("thinking", "between_tools"), {"thinking": {"type": "between_tools"}}),
        (supporting("thinking", "adaptive", "low"), {"output_config": {"effort": "low"}}),
        (supporting("thinking", "adaptive"), {}),
    ],
)
async def test_anthropic_is_kept_from_thinking_long(
    capabilities: dict[str, Any] | None, expected: dict[str, Any]
) -> None:
    """After the check, a model that thinks by default is asked not to, in words that it takes."""
    async with serve(capabilities=capabilities) as candidate:
        async with aclosing(candidate.open()) as model:
            await model.check()
            await collect(model)
        body = candidate.server.requests[-1].body
    sent = {name: body[name] for name in ("thinking", "output_config") if name in body}
    assert sent == expected


@pytest.mark.parametrize("reason", ["refusal", "pause_turn"])
async def test_anthropic_that_stops_for_no_good_reason_is_an_error(reason: str) -> None:
    """A refusal is never a silence: it is told, and says why."""
    async with serve(stop_reason=reason) as candidate:
        candidate.server.script = lambda _: []
        error = await fail(candidate)
    assert str(error).startswith(
        f"anthropic/test-model gave no answer, or not all of it ({reason})"
    )
    assert not isinstance(error, ModelRefused)


async def test_anthropic_that_says_nothing_is_an_error() -> None:
    """An answer without words and without calls is told as none."""
    async with serve() as candidate:
        candidate.server.script = lambda _: [Say("")]
        assert "gave no answer" in str(await fail(candidate))


async def test_anthropic_may_reach_its_limit() -> None:
    """The end at the maximum of tokens is an end like any other."""
    async with serve(stop_reason="max_tokens") as candidate:
        assert await ask(candidate) == ["Hello", " there."]


@pytest.mark.parametrize("words", [[], ["Let me see."]])
@pytest.mark.parametrize("reason", ["max_tokens", "model_context_window_exceeded"])
async def test_anthropic_call_that_the_limit_may_have_cut_is_none(
    words: list[str], reason: str
) -> None:
    """What was being called at the limit is not called; the error names the variable to raise."""
    heard: list[str | ToolCall] = []
    async with serve(stop_reason=reason) as candidate:
        candidate.server.script = lambda _: [*map(Say, words), Call("weather", {"city": "Ulm"})]
        async with aclosing(candidate.open()) as model:
            with pytest.raises(ModelError, match="SPEECH_ENGINE_MAX_TOKENS"):
                await listen(model, heard)
    assert heard == words


async def listen(model: Model, heard: list[str | ToolCall]) -> None:
    async for piece in model.stream(PROMPT):
        heard.append(piece)  # noqa: PERF401 - what came before a failure counts


async def test_anthropic_must_not_reach_its_limit_before_it_speaks() -> None:
    """Thoughts that use up the limit are told with the variable that sets it."""
    async with serve(stop_reason="max_tokens", thought="Hm.") as candidate:
        candidate.server.script = lambda _: []
        assert "SPEECH_ENGINE_MAX_TOKENS" in str(await fail(candidate))


@pytest.mark.parametrize(
    ("status", "is_refused"),
    [(400, True), (402, True), (403, True), (413, True), (408, False), (500, False), (529, False)],
)
async def test_anthropic_errors_are_told_apart(status: int, is_refused: bool) -> None:
    """What will not pass is refused; nothing is retried, and nobody is quoted."""
    async with serve() as candidate:
        candidate.server.script = lambda _: [Refuse(status)]
        error = await fail(candidate)
        assert len(candidate.server.requests) == 1
    assert isinstance(error, ModelRefused) is is_refused
    assert str(error).startswith("anthropic/test-model: ")
    assert "\n" not in str(error)
    assert QUOTE not in str(error)
    assert KEY not in str(error)
    assert error.__suppress_context__


async def test_anthropic_names_the_variable_of_a_wrong_key() -> None:
    """Whoever reads the error knows which variable to set."""
    async with serve() as candidate:
        candidate.server.key = "another-key"
        assert "ANTHROPIC_API_KEY" in str(await fail(candidate))


async def test_anthropic_failing_in_its_stream_may_pass() -> None:
    """An error event as the first thing in a stream is an error that may pass."""
    async with serve() as candidate:
        candidate.server.script = lambda _: [StreamFailure()]
        error = await fail(candidate)
    assert not isinstance(error, ModelRefused)
    assert QUOTE not in str(error)


async def test_anthropic_needs_a_key() -> None:
    """Without a key there is no model, but the name of the variable to set."""
    with pytest.raises(ModelRefused, match="ANTHROPIC_API_KEY"):
        anthropic.create("anthropic/x", "x", Access(), ModelOptions())


async def test_anthropic_closed_between_two_pieces_hangs_up_at_once() -> None:
    """Closing the generator while nobody reads it closes the connection before it returns."""
    async with serve() as candidate:
        candidate.server.script = lambda _: [Say("One"), Pause()]
        async with aclosing(candidate.open()) as model:
            answer = model.stream(PROMPT)
            assert await anext(answer) == "One"
            await answer.aclose()
            async with asyncio.timeout(conformance.NOTICED_SECONDS):
                await candidate.server.wait_until(lambda: candidate.server.hung_up == 1)
