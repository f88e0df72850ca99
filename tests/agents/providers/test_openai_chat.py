from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from agents.prompt import ModelError, ModelOptions, ToolCall, ToolResult, ToolRound
from agents.providers import openai_chat
from agents.providers.access import Access
from tests.agents.providers.candidates import KEY, PROMPT, TALK, WEATHER
from tests.agents.providers.candidates import serve_openai_chat as serve
from tests.fakes.model_servers.openai_chat import encode_event
from tests.fakes.model_servers.server import Call, EndEarly, Pause, Raw, Say

if TYPE_CHECKING:
    from tests.fakes.model_servers.server import Step


async def hear(*steps: Step) -> list[str | ToolCall]:
    async with serve(*steps) as candidate:
        return await candidate.ask()


def finish(reason: str) -> Step:
    return Raw(lambda wire: wire.finish(reason))


async def test_chat_is_asked_in_its_own_form() -> None:
    """Roles, system message, options and tools stand where Chat Completions wants them."""
    async with serve() as candidate:
        await candidate.ask(TALK)
        request = candidate.server.requests[0]
    assert (request.method, request.path) == ("POST", "/v1/chat/completions")
    assert request.body == {
        "model": "test-model",
        "stream": True,
        "temperature": 0.2,
        "max_tokens": 200,
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": "Hello!"},
            {"role": "user", "content": "Weather?"},
        ],
        "tools": [
            {
                "type": "function",
                "function": {
                    "name": "weather",
                    "description": "The weather of a city.",
                    "parameters": dict(WEATHER.parameters),
                },
            }
        ],
    }


async def test_chat_is_asked_for_nothing_that_is_not_set() -> None:
    """Options, instructions and tools that nobody set are left out of the request."""
    async with serve() as candidate:
        body = await candidate.send(ModelOptions())
    assert body == {
        "model": "test-model",
        "stream": True,
        "messages": [{"role": "user", "content": "Hi"}],
    }


async def test_chat_is_told_how_long_to_think() -> None:
    """An effort that is set is sent in the one field that this API has for it."""
    async with serve() as candidate:
        body = await candidate.send(ModelOptions(reasoning_effort="none"))
    assert body["reasoning_effort"] == "none"


async def test_chat_gets_a_round_back_as_calls_and_tool_messages() -> None:
    """What was called, and what came of it, follows the messages, matched by call id."""
    calls = (ToolCall("call_1", "weather", '{"city": "A"}'), ToolCall("call_2", "weather", "{}"))
    results = (ToolResult(calls[0], "It rains."), ToolResult(calls[1], "No city.", failed=True))
    prompt = replace(PROMPT, tools=(WEATHER,), rounds=(ToolRound("", results),))
    async with serve() as candidate:
        await candidate.ask(prompt)
        sent = candidate.server.requests[0].body["messages"]
    functions = [
        {"name": "weather", "arguments": '{"city": "A"}'},
        {"name": "weather", "arguments": "{}"},
    ]
    assert sent[2:] == [
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {"id": "call_1", "type": "function", "function": functions[0]},
                {"id": "call_2", "type": "function", "function": functions[1]},
            ],
        },
        {"role": "tool", "tool_call_id": "call_1", "content": "It rains."},
        {"role": "tool", "tool_call_id": "call_2", "content": "No city."},
    ]


@pytest.mark.parametrize(
    ("base_url", "parameter"),
    [
        (None, "max_completion_tokens"),
        ("https://eu.api.openai.com/v1", "max_completion_tokens"),
        ("https://example.openai.azure.com/openai/v1", "max_completion_tokens"),
        ("http://127.0.0.1:11434/v1", "max_tokens"),
    ],
)
def test_chat_limits_tokens_by_the_name_that_the_server_knows(
    base_url: str | None, parameter: str
) -> None:
    """OpenAI's own newer models refuse the old name; other servers know only that."""
    assert openai_chat.name_limit(Access(api_key=KEY, base_url=base_url)) == parameter


async def test_chat_yields_each_of_several_calls() -> None:
    """Two calls of one answer come whole, with their own ids, in order."""
    heard = await hear(Call("weather", {"city": "A"}), Call("weather", {"city": "B"}))
    assert heard == [
        ToolCall("call_0", "weather", '{"city": "A"}'),
        ToolCall("call_1", "weather", '{"city": "B"}'),
    ]


async def test_chat_takes_whole_calls_that_end_with_stop() -> None:
    """Servers that send a call in one piece, and call its end a stop, are understood."""
    function = {"name": "weather", "arguments": '{"city": "A"}'}
    whole = Raw(lambda wire: wire.delta(tool_calls=[{"id": "a", "function": function}]))
    heard = await hear(whole, finish("stop"), EndEarly())
    assert heard == [ToolCall("a", "weather", '{"city": "A"}')]


async def test_chat_skips_what_is_no_text() -> None:
    """Comments, chunks without choices, empty deltas and thoughts say nothing."""
    steps = [
        Raw(lambda _: b": PROCESSING\n\n"),
        Raw(lambda _: encode_event({"choices": [], "usage": {"total_tokens": 3}})),
        Raw(lambda _: encode_event({"choices": [{"index": 0, "delta": None}]})),
        Raw(lambda wire: wire.delta(content=None, reasoning_content="Hm.")),
        Raw(lambda wire: wire.delta(content=[{"type": "thinking", "thinking": []}])),
    ]
    assert await hear(*steps, Say("Hello.")) == ["Hello."]


async def test_chat_speaks_a_refusal() -> None:
    """What a model says instead of an answer is said too."""
    assert await hear(Raw(lambda wire: wire.delta(refusal="I can't."))) == ["I can't."]


async def test_chat_ends_well_at_the_token_limit() -> None:
    """An answer that met the limit is an answer: nothing is raised."""
    assert await hear(Say("Once upon"), finish("length")) == ["Once upon"]


@pytest.mark.parametrize("steps", [[], [Call("weather", {"city": "A"})]], ids=["thoughts", "call"])
async def test_chat_names_the_limit_that_left_nothing_to_say(steps: list[Step]) -> None:
    """A limit met in thoughts, or within a call, is an error that names the setting."""
    with pytest.raises(ModelError, match="SPEECH_ENGINE_MAX_TOKENS"):
        await hear(*steps, finish("length"), EndEarly())


@pytest.mark.parametrize("steps", [[], [Say("Well,"), finish("content_filter")]])
async def test_chat_tells_of_silence_and_of_a_filter(steps: list[Step]) -> None:
    """An answer without a word, or stopped by a filter, is an error."""
    with pytest.raises(ModelError, match="gave no answer"):
        await hear(*(steps or [Raw(lambda _: b"")]))


@pytest.mark.parametrize(
    "nonsense", [b"data: 5\n\n", b'data: {"choices": 5}\n\n', b"data: {\n\n", b"data: \xff\n\n"]
)
async def test_chat_tells_of_a_stream_in_no_known_form(nonsense: bytes) -> None:
    """Whatever else a server sends is an error of the model, not of this program."""
    with pytest.raises(ModelError, match="no complete answer"):
        await hear(Raw(lambda _: nonsense))


async def test_chat_does_not_wait_for_a_connection_that_stays_open() -> None:
    """The answer has ended with its reason, also if the server forgets to end the body."""
    async with asyncio.timeout(2):
        assert await hear(Say("Done."), finish("stop"), Pause(), EndEarly()) == ["Done."]


async def test_chat_needs_no_key_where_the_server_needs_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without a key a server of one's own is asked, and OPENAI_API_KEY does not go to it."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk_test_of_another_provider")
    async with serve(key=None) as candidate:
        assert await candidate.ask() == ["Hello", " there."]
        [request] = candidate.server.requests
    assert request.headers["authorization"] == "Bearer none"
