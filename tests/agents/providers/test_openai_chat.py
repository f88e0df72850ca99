from __future__ import annotations

import asyncio
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from agents.prompt import ModelError, ModelOptions, Prompt, ToolCall, ToolResult, ToolRound
from agents.providers import openai_chat
from agents.providers.access import Access
from speech_engine import ConversationMessage
from tests.agents.providers import conformance
from tests.agents.providers.conformance import PROMPT, WEATHER, Candidate, collect
from tests.fakes.model_servers.openai_chat import ChatWire, encode_event
from tests.fakes.model_servers.server import Call, EndEarly, Pause, Raw, Say, serve_model

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from agents.prompt import Model
    from tests.fakes.model_servers.server import Step

KEY = "sk_test_chat"


@asynccontextmanager
async def serve(*steps: Step, key: str | None = KEY) -> AsyncIterator[Candidate]:
    async with serve_model(ChatWire) as server:
        server.key = key
        if steps:
            server.script = lambda _: steps

        def make(model: str, options: ModelOptions) -> Model:
            access = Access(api_key=key, base_url=f"{server.url}/v1")
            return openai_chat.create(f"openai_chat/{model}", model, access, options)

        yield Candidate(server, make)


async def ask(candidate: Candidate, prompt: Prompt = PROMPT) -> list[str | ToolCall]:
    async with aclosing(candidate.open()) as model:
        return await collect(model, prompt)


async def listen(*steps: Step) -> list[str | ToolCall]:
    async with serve(*steps) as candidate:
        return await ask(candidate)


def finish(reason: str) -> Step:
    return Raw(lambda wire: wire.finish(reason))


@pytest.mark.parametrize(
    "check", conformance.CHECKS, ids=lambda check: check.__name__.removeprefix("check_")
)
async def test_chat_keeps_the_promises_of_a_provider(
    check: Callable[[Candidate], Awaitable[None]],
) -> None:
    """Every promise that all providers make is kept over Chat Completions' wire format."""
    async with serve() as candidate:
        await check(candidate)


async def test_chat_is_asked_in_its_own_form() -> None:
    """Roles, system message, options and tools stand where Chat Completions wants them."""
    messages = (
        ConversationMessage("user", "Hi"),
        ConversationMessage("agent", "Hello!"),
        ConversationMessage("user", "Weather?"),
    )
    async with serve() as candidate:
        await ask(candidate, replace(PROMPT, messages=messages, tools=(WEATHER,)))
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
        async with aclosing(candidate.make("test-model", ModelOptions())) as model:
            await collect(model, replace(PROMPT, instructions=""))
        body = candidate.server.requests[0].body
    assert body == {
        "model": "test-model",
        "stream": True,
        "messages": [{"role": "user", "content": "Hi"}],
    }


async def test_chat_gets_a_round_back_as_calls_and_tool_messages() -> None:
    """What was called, and what came of it, follows the messages, matched by call id."""
    calls = (ToolCall("call_1", "weather", '{"city": "A"}'), ToolCall("call_2", "weather", "{}"))
    results = (ToolResult(calls[0], "It rains."), ToolResult(calls[1], "No city.", failed=True))
    prompt = replace(PROMPT, tools=(WEATHER,), rounds=(ToolRound("", results),))
    async with serve() as candidate:
        await ask(candidate, prompt)
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
    heard = await listen(Call("weather", {"city": "A"}), Call("weather", {"city": "B"}))
    assert heard == [
        ToolCall("call_0", "weather", '{"city": "A"}'),
        ToolCall("call_1", "weather", '{"city": "B"}'),
    ]


async def test_chat_takes_whole_calls_that_end_with_stop() -> None:
    """Servers that send a call in one piece, and call its end a stop, are understood."""
    function = {"name": "weather", "arguments": '{"city": "A"}'}
    whole = Raw(lambda wire: wire.delta(tool_calls=[{"id": "a", "function": function}]))
    heard = await listen(whole, finish("stop"), EndEarly())
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
    assert await listen(*steps, Say("Hello.")) == ["Hello."]


async def test_chat_speaks_a_refusal() -> None:
    """What a model says instead of an answer is said too."""
    assert await listen(Raw(lambda wire: wire.delta(refusal="I can't."))) == ["I can't."]


async def test_chat_ends_well_at_the_token_limit() -> None:
    """An answer that met the limit is an answer: nothing is raised."""
    assert await listen(Say("Once upon"), finish("length")) == ["Once upon"]


@pytest.mark.parametrize("steps", [[], [Call("weather", {"city": "A"})]], ids=["thoughts", "call"])
async def test_chat_names_the_limit_that_left_nothing_to_say(steps: list[Step]) -> None:
    """A limit met in thoughts, or within a call, is an error that names the setting."""
    with pytest.raises(ModelError, match="SPEECH_ENGINE_MAX_TOKENS"):
        await listen(*steps, finish("length"), EndEarly())


@pytest.mark.parametrize("steps", [[], [Say("Well,"), finish("content_filter")]])
async def test_chat_tells_of_silence_and_of_a_filter(steps: list[Step]) -> None:
    """An answer without a word, or stopped by a filter, is an error."""
    with pytest.raises(ModelError, match="gave no answer"):
        await listen(*(steps or [Raw(lambda _: b"")]))


@pytest.mark.parametrize(
    "nonsense", [b"data: 5\n\n", b'data: {"choices": 5}\n\n', b"data: {\n\n", b"data: \xff\n\n"]
)
async def test_chat_tells_of_a_stream_in_no_known_form(nonsense: bytes) -> None:
    """Whatever else a server sends is an error of the model, not of this program."""
    with pytest.raises(ModelError, match="no complete answer"):
        await listen(Raw(lambda _: nonsense))


async def test_chat_does_not_wait_for_a_connection_that_stays_open() -> None:
    """The answer has ended with its reason, also if the server forgets to end the body."""
    async with asyncio.timeout(2):
        assert await listen(Say("Done."), finish("stop"), Pause(), EndEarly()) == ["Done."]


async def test_chat_needs_no_key_where_the_server_needs_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without a key a server of one's own is asked, and OPENAI_API_KEY does not go to it."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk_test_of_another_provider")
    async with serve(key=None) as candidate:
        assert await ask(candidate) == ["Hello", " there."]
        [request] = candidate.server.requests
    assert request.headers["authorization"] == "Bearer none"
