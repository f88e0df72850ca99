from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from agents.prompt import ModelError, ModelOptions, ToolCall, ToolResult, ToolRound
from agents.providers import openai_responses
from agents.providers.access import Access
from tests.agents.providers.candidates import KEY, PROMPT, TALK, WEATHER, collect
from tests.agents.providers.candidates import serve_openai_responses as serve
from tests.fakes.model_servers.server import Call, EndEarly, Raw, Say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.fakes.model_servers.server import Step

THOUGHTS = {"id": "rs_1", "type": "reasoning", "summary": [], "encrypted_content": "c2VjcmV0"}


async def hear(*steps: Step) -> Sequence[str | ToolCall]:
    async with serve(*steps) as candidate:
        return await candidate.ask()


async def test_responses_are_asked_in_their_own_form() -> None:
    """Roles, instructions, options and tools stand where the Responses API wants them."""
    async with serve() as candidate:
        await candidate.ask(TALK)
        request = candidate.server.requests[0]
    assert (request.method, request.path) == ("POST", "/v1/responses")
    assert request.body == {
        "model": "test-model",
        "stream": True,
        "store": False,
        "temperature": 0.2,
        "max_output_tokens": 200,
        "instructions": "Be brief.",
        "input": [
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": "Hello!"},
            {"role": "user", "content": "Weather?"},
        ],
        "tools": [
            {
                "type": "function",
                "name": "weather",
                "description": "The weather of a city.",
                "parameters": dict(WEATHER.parameters),
                "strict": False,
            }
        ],
    }


async def test_responses_are_asked_for_nothing_that_is_not_set() -> None:
    """Options, instructions and tools that nobody set are left out of the request."""
    async with serve() as candidate:
        body = await candidate.send(ModelOptions())
    assert body == {
        "model": "test-model",
        "stream": True,
        "store": False,
        "input": [{"role": "user", "content": "Hi"}],
    }


async def test_responses_are_told_how_long_to_think() -> None:
    """An effort that is set is sent among what concerns reasoning."""
    async with serve() as candidate:
        body = await candidate.send(ModelOptions(reasoning_effort="none"))
    assert body["reasoning"] == {"effort": "none"}


async def test_responses_get_a_round_back_as_calls_and_their_outputs() -> None:
    """What was said and called, and what came of it, follows the messages, matched by call id."""
    calls = (ToolCall("call_1", "weather", '{"city": "A"}'), ToolCall("call_2", "weather", "{}"))
    results = (ToolResult(calls[0], "It rains."), ToolResult(calls[1], "No city.", failed=True))
    prompt = replace(PROMPT, tools=(WEATHER,), rounds=(ToolRound("Let me see.", results),))
    async with serve() as candidate:
        await candidate.ask(prompt)
        sent = candidate.server.requests[0].body["input"]
    assert sent[1:] == [
        {"role": "assistant", "content": "Let me see."},
        {
            "type": "function_call",
            "call_id": "call_1",
            "name": "weather",
            "arguments": '{"city": "A"}',
        },
        {"type": "function_call", "call_id": "call_2", "name": "weather", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "call_1", "output": "It rains."},
        {"type": "function_call_output", "call_id": "call_2", "output": "No city."},
    ]


async def test_responses_yield_each_of_several_calls() -> None:
    """Two calls of one answer come with their own ids, in order."""
    heard = await hear(Call("weather", {"city": "A"}), Call("weather", {"city": "B"}))
    assert heard == [
        ToolCall("call_0", "weather", '{"city": "A"}'),
        ToolCall("call_1", "weather", '{"city": "B"}'),
    ]


async def test_responses_give_a_model_its_own_thoughts_back() -> None:
    """Encrypted thoughts before a call go back in front of it, but never to another model."""
    think = Raw(lambda wire: wire.finish_item({**THOUGHTS, "status": None}))
    async with serve(think, Call("weather", {"city": "A"})) as candidate:
        [call] = await candidate.ask()
        assert isinstance(call, ToolCall)
        again = replace(PROMPT, rounds=(ToolRound("", (ToolResult(call, "It rains."),)),))
        await candidate.ask(again)
        [_, first, second, _] = candidate.server.requests[-1].body["input"]
        access = Access(api_key=KEY, base_url=f"{candidate.server.url}/v1")
        other = openai_responses.create("openai/other", "test-model", access, ModelOptions())
        async with aclosing(other):
            await collect(other, again)
        kinds = [item.get("type") for item in candidate.server.requests[-1].body["input"]]
    assert first == THOUGHTS
    assert second["type"] == "function_call"
    assert kinds == [None, "function_call", "function_call_output"]


async def test_responses_speak_a_refusal() -> None:
    """What a model says instead of an answer is said too."""
    assert await hear(Raw(lambda wire: wire.refuse("I can't."))) == ["I can't."]


async def test_responses_end_well_at_the_token_limit() -> None:
    """An answer that met the limit is an answer: nothing is raised."""
    ending = Raw(lambda wire: wire.cut_short())
    assert await hear(Say("Once upon"), ending, EndEarly()) == ["Once upon"]


@pytest.mark.parametrize("kind", ["message", "function_call"])
async def test_responses_name_the_limit_that_left_nothing_to_say(kind: str) -> None:
    """A limit met in thoughts, or within a call, is an error that names the setting."""
    item = {**THOUGHTS, "id": "x", "type": kind, "status": "incomplete"}
    steps = [Raw(lambda wire: wire.finish_item(item)), Raw(lambda wire: wire.cut_short())]
    with pytest.raises(ModelError, match="SPEECH_ENGINE_MAX_TOKENS"):
        await hear(*steps, EndEarly())


async def test_responses_tell_of_silence() -> None:
    """An answer without a word or a call is an error, so that another model can answer."""
    with pytest.raises(ModelError, match="gave no answer"):
        await hear(Raw(lambda _: b""))


async def test_responses_tell_of_an_error_event() -> None:
    """The stream's own error event is an error that does not quote it."""
    failure = Raw(lambda wire: wire.event("error", code="server_error", message="About: Hi"))
    with pytest.raises(ModelError) as caught:
        await hear(Say("Well,"), failure, EndEarly())
    assert str(caught.value).startswith("openai/test-model: the provider broke the answer off")
    assert "About" not in str(caught.value)


@pytest.mark.parametrize(
    "nonsense", [b"data: 5\n\n", b'data: {"no": "type"}\n\n', b"data: {\n\n", b"data: \xff\n\n"]
)
async def test_responses_tell_of_a_stream_in_no_known_form(nonsense: bytes) -> None:
    """Whatever else a server sends is an error of the model, not of this program."""
    with pytest.raises(ModelError, match="no complete answer"):
        await hear(Raw(lambda _: nonsense))
