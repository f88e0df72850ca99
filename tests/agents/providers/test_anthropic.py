from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace
from typing import Any

import pytest

from agents.prompt import ModelError, ModelOptions, ModelRefused, ToolCall, ToolResult, ToolRound
from tests.agents.providers.candidates import PROMPT, TALK, WEATHER, collect, listen
from tests.agents.providers.candidates import serve_anthropic as serve
from tests.fakes.model_servers.anthropic import AnthropicWire
from tests.fakes.model_servers.server import Call, Raw, Say


async def test_anthropic_is_asked_in_its_own_form() -> None:
    """Roles, system prompt, options and tools stand where the Messages API wants them."""
    async with serve() as candidate:
        await candidate.ask(TALK)
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
        body = await candidate.send(ModelOptions())
    assert body == {
        "model": "test-model",
        "stream": True,
        "max_tokens": 1024,
        "messages": [{"role": "user", "content": "Hi"}],
    }


async def test_anthropic_takes_no_temperature(caplog: pytest.LogCaptureFixture) -> None:
    """A temperature, which the API refuses, is left out with a warning that names the model."""
    async with serve() as candidate:
        await candidate.ask()
        assert "temperature" not in candidate.server.requests[0].body
    (record,) = (record for record in caplog.records if record.name == "agents")
    assert record.message == "temperature left out"
    assert vars(record)["model"] == "anthropic/test-model"


async def test_anthropic_is_told_what_its_calls_gave() -> None:
    """Calls go back as blocks with their ids, their results after them, failures marked."""
    calls = [
        ToolCall("toolu_a", "weather", '{"city": "Łódź"}'),
        ToolCall("toolu_b", "weather", "{"),
    ]
    results = (ToolResult(calls[0], "It rains."), ToolResult(calls[1], "No.", failed=True))
    async with serve() as candidate:
        await candidate.ask(replace(PROMPT, rounds=(ToolRound("Let me see.", results),)))
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
        first, second = await candidate.ask(replace(PROMPT, tools=(WEATHER,)))
        assert isinstance(first, ToolCall)
        assert isinstance(second, ToolCall)
        assert (first.arguments, second.arguments) == ("{}", '{"city": "Ulm"}')
        assert first.id != second.id
        candidate.server.script = lambda _: [Say("Done.")]
        results = (ToolResult(first, "1"), ToolResult(second, "2"))
        await candidate.ask(replace(PROMPT, rounds=(ToolRound("", results),)))
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
        *said, call = await candidate.ask(replace(PROMPT, tools=(WEATHER,)))
        assert said == ["Let me ", "see."]
        assert isinstance(call, ToolCall)
        candidate.server.script = lambda _: [Say("It rains.")]
        done = ToolRound("Let me see.", (ToolResult(call, "It rains."),))
        await candidate.ask(replace(PROMPT, rounds=(done,)))
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
        _, call = await candidate.ask()
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
        "effort": {level: {"supported": level in names} for level in ("low", "medium", "high")},
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


@pytest.mark.parametrize(
    ("effort", "capabilities", "expected"),
    [
        ("medium", supporting("thinking", "disabled", "medium"), {"effort": "medium"}),
        ("medium", supporting("thinking", "disabled", "low"), None),
        ("none", supporting("thinking", "disabled", "low"), None),
        ("minimal", supporting("thinking", "adaptive", "low"), {"effort": "low"}),
    ],
)
async def test_anthropic_may_think_as_long_as_it_is_told(
    effort: str, capabilities: dict[str, Any], expected: dict[str, str] | None
) -> None:
    """An effort that the model knows is asked for; with any other it thinks as little as it can."""
    async with serve(capabilities=capabilities) as candidate:
        options = ModelOptions(reasoning_effort=effort)
        async with aclosing(candidate.make("test-model", options)) as model:
            await model.check()
            await collect(model)
        body = candidate.server.requests[-1].body
    assert body.get("output_config") == expected
    assert ("thinking" in body) is (expected is None)


@pytest.mark.parametrize("reason", ["refusal", "pause_turn"])
async def test_anthropic_that_stops_for_no_good_reason_is_an_error(reason: str) -> None:
    """A refusal is never a silence: it is told, and says why."""
    async with serve(stop_reason=reason) as candidate:
        candidate.server.script = lambda _: []
        error = await candidate.fail()
    assert str(error).startswith(
        f"anthropic/test-model gave no answer, or not all of it ({reason})"
    )
    assert not isinstance(error, ModelRefused)


async def test_anthropic_that_says_nothing_is_an_error() -> None:
    """An answer without words and without calls is told as none."""
    async with serve() as candidate:
        candidate.server.script = lambda _: [Say("")]
        assert "gave no answer" in str(await candidate.fail())


async def test_anthropic_may_reach_its_limit() -> None:
    """The end at the maximum of tokens is an end like any other."""
    async with serve(stop_reason="max_tokens") as candidate:
        assert await candidate.ask() == ["Hello", " there."]


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


async def test_anthropic_must_not_reach_its_limit_before_it_speaks() -> None:
    """Thoughts that use up the limit are told with the variable that sets it."""
    async with serve(stop_reason="max_tokens", thought="Hm.") as candidate:
        candidate.server.script = lambda _: []
        assert "SPEECH_ENGINE_MAX_TOKENS" in str(await candidate.fail())


async def test_anthropic_names_the_variable_of_a_wrong_key() -> None:
    """Whoever reads the error knows which variable to set."""
    async with serve() as candidate:
        candidate.server.key = "another-key"
        assert "ANTHROPIC_API_KEY" in str(await candidate.fail())
