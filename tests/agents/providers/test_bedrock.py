from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any
from unittest.mock import Mock

import pytest
from botocore.eventstream import EventStreamBuffer

from agents.prompt import (
    ModelError,
    ModelOptions,
    Prompt,
    ToolCall,
    ToolResult,
    ToolRound,
)
from agents.providers.bedrock import BedrockModel
from tests.agents.providers import conformance
from tests.agents.providers.bedrock_account import KEY_ID, SECRET, TOKEN, Loopback, make
from tests.agents.providers.candidates import PROMPT, WEATHER, Candidate, collect
from tests.agents.providers.candidates import serve_bedrock as serve
from tests.fakes.model_servers.bedrock import BedrockFormat, encode_event, is_signed
from tests.fakes.model_servers.event_stream import encode_message
from tests.fakes.model_servers.server import Call, ModelServer, Pause, Say, Stall, Step

pytestmark = pytest.mark.usefixtures("aws_account")


def test_bedrock_events_of_the_server_are_what_the_sdk_reads() -> None:
    """The encoder of these tests and the SDK's decoder agree, byte by byte."""
    headers = {":event-type": "x", ":message-type": "event"}
    decoder = EventStreamBuffer()
    for byte in encode_message(headers, "Łódź".encode()) * 2:
        decoder.add_data(bytes([byte]))
    messages: list[Any] = [*decoder]
    assert [message.headers for message in messages] == [headers] * 2
    assert [message.payload.decode() for message in messages] == ["Łódź"] * 2


async def test_bedrock_asks_as_the_role_in_its_region() -> None:
    """A request is signed for the region with the credentials found, and names the model whole."""
    async with serve() as candidate, aclosing(candidate.open("us.test.model-v1:0")) as model:
        await collect(model)
    request = candidate.server.requests[0]
    assert request.path == "/model/us.test.model-v1%3A0/converse-stream"
    assert is_signed(request)
    assert f"Credential={KEY_ID}/" in request.headers["authorization"]
    assert "/eu-west-1/bedrock/" in request.headers["authorization"]
    assert request.headers["x-amz-security-token"] == TOKEN


async def test_bedrock_leaves_out_what_is_not_set() -> None:
    """Without options, instructions, tools and guardrail only the messages are sent."""
    async with serve() as candidate, aclosing(make(candidate.server.url)) as model:
        await collect(model, Prompt(instructions=" ", messages=PROMPT.messages))
    messages = [{"role": "user", "content": [{"text": "Hi"}]}]
    assert candidate.server.requests[0].body == {"messages": messages}


async def test_bedrock_takes_no_reasoning_effort(caplog: pytest.LogCaptureFixture) -> None:
    """An effort, which no field of all models can hold, is left out with a warning."""
    async with serve() as candidate:
        body = await candidate.send(ModelOptions(reasoning_effort="low"))
    assert set(body) == {"messages"}
    (record,) = (record for record in caplog.records if record.name == "agents")
    assert record.message == "reasoning effort left out"
    assert vars(record)["model"] == "bedrock/test-model"


async def test_bedrock_check_asks_for_one_token_of_what_turns_ask() -> None:
    """What a turn would be refused for, the check is refused for: it sends all but the limit."""
    async with serve() as candidate:
        options = ModelOptions(temperature=0.5, max_tokens=300)
        model = make(candidate.server.url, options=options, guardrail=("gr-1", "2"))
        async with aclosing(model):
            await model.check()
    body = candidate.server.requests[0].body
    assert body["inferenceConfig"] == {"maxTokens": 1, "temperature": 0.5}
    assert body["guardrailConfig"]["guardrailIdentifier"] == "gr-1"


async def test_bedrock_says_what_the_guardrail_says() -> None:
    """A guardrail that steps in ends the answer with its own sentence, which is no failure."""
    async with serve(stop_reason="guardrail_intervened") as candidate:
        candidate.server.script = lambda _: [Say("I can't talk about that.")]
        async with aclosing(make(candidate.server.url, guardrail=("gr-1", "2"))) as model:
            assert await collect(model) == ["I can't talk about that."]
    assert candidate.server.requests[0].body["guardrailConfig"] == {
        "guardrailIdentifier": "gr-1",
        "guardrailVersion": "2",
        "streamProcessingMode": "sync",
    }


@pytest.mark.parametrize("reason", ["max_tokens", "content_filtered"])
async def test_bedrock_ends_an_answer_that_was_cut(reason: str) -> None:
    """Words that came before a limit or a filter stand, without an error."""
    async with serve(stop_reason=reason) as candidate, aclosing(candidate.open()) as model:
        assert await collect(model) == ["Hello", " there."]


async def test_bedrock_hides_credentials_in_its_repr() -> None:
    """A model that has been used can be logged."""
    async with serve() as candidate, aclosing(candidate.open()) as model:
        await collect(model)
        shown = f"{model!r} {vars(model)!r}"
    assert SECRET not in shown
    assert TOKEN not in shown


async def test_bedrock_passes_over_events_it_does_not_know() -> None:
    """Events and parts that a later service adds do no harm."""
    strange = encode_event("fromTheFuture", {"x": 1}) + encode_event(
        "contentBlockDelta", {"contentBlockIndex": 0, "delta": {"fromTheFuture": {}}}
    )
    async with serve(opening=strange) as candidate, aclosing(candidate.open()) as model:
        assert await collect(model) == ["Hello", " there."]


async def test_bedrock_does_not_wait_for_a_body_that_never_comes() -> None:
    """A success without content is no answer, each time: the SDK would read it without a pause."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with aclosing(make(url)) as model:
            for _ in range(2):
                with pytest.raises(ModelError, match="no answer"):
                    await collect(model)


def think(index: int, *deltas: dict[str, Any]) -> bytes:
    events = [
        encode_event(
            "contentBlockDelta", {"contentBlockIndex": index, "delta": {"reasoningContent": delta}}
        )
        for delta in deltas
    ]
    return b"".join(events) + encode_event("contentBlockStop", {"contentBlockIndex": index})


async def test_bedrock_gives_signed_thoughts_back_with_the_result() -> None:
    """Reasoning is never spoken; what the model signed returns to it before its words."""
    thoughts = think(90, {"text": "Rain"}, {"text": "?"}, {"signature": "c2ln"}) + think(
        91, {"redactedContent": "c2VjcmV0"}
    )
    async with serve(opening=thoughts) as candidate:
        candidate.server.script = lambda _: [Say("Let me see."), Call("weather", {"city": "Łódź"})]
        async with aclosing(candidate.open()) as model:
            asked = Prompt(instructions="", messages=PROMPT.messages, tools=(WEATHER,))
            text, call = await collect(model, asked)
            assert text == "Let me see."
            assert isinstance(call, ToolCall)
            assert "Rain" not in repr(call.extra)
            past = ToolRound("Let me see.", (ToolResult(call, "It rains."),))
            await collect(model, Prompt(instructions="", messages=PROMPT.messages, rounds=(past,)))
    assert candidate.server.requests[-1].body["messages"][1]["content"] == [
        {"reasoningContent": {"reasoningText": {"text": "Rain?", "signature": "c2ln"}}},
        {"reasoningContent": {"redactedContent": "c2VjcmV0"}},
        {"text": "Let me see."},
        {"toolUse": {"toolUseId": call.id, "name": "weather", "input": {"city": "Łódź"}}},
    ]


async def test_bedrock_calls_several_tools_at_once() -> None:
    """Calls come one by one, each whole; one without arguments has an empty object."""
    async with serve() as candidate:
        candidate.server.script = lambda _: [Call("weather", {"city": "Rome"}), Call("hang_up", {})]
        async with aclosing(candidate.open()) as model:
            calls = await collect(model)
    assert [(call.name, call.arguments) for call in calls if isinstance(call, ToolCall)] == [
        ("weather", '{"city": "Rome"}'),
        ("hang_up", "{}"),
    ]


async def test_bedrock_hangs_up_at_once_through_tls(loopback: Loopback) -> None:
    """An encrypted connection serves one turn after another, and closes as fast as a plain one."""
    served = ModelServer(BedrockFormat)
    server = await asyncio.start_server(served.serve, "127.0.0.1", 0, ssl=loopback.context)
    async with server:
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with aclosing(make(url)) as model:
            await model.check()
            await conformance.check_interruption_closes(Candidate(served, lambda *_: model, TOKEN))
    assert served.connections == 1


async def test_bedrock_answers_many_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """First turns that come together share one client, and none waits for another's connection."""
    many = 30  # three times what the SDK allows unless told
    async with serve() as candidate, aclosing(candidate.open()) as model:
        assert isinstance(model, BedrockModel)
        new_client = Mock(wraps=model._new_client)
        monkeypatch.setattr(model, "_new_client", new_client)
        server = candidate.server
        server.script = lambda _: [Say("Well,"), Pause()]
        turns = [asyncio.ensure_future(collect(model)) for _ in range(many)]
        await server.wait_until(lambda: server.streaming == many)
        for turn in turns:
            turn.cancel()
        await server.wait_until(lambda: server.hung_up == many)
        await asyncio.gather(*turns, return_exceptions=True)
    new_client.assert_called_once_with()


@pytest.mark.parametrize("steps", [[Stall()], [Pause()]], ids=["waiting", "listening"])
async def test_bedrock_ends_its_answers_when_it_is_closed(steps: list[Step]) -> None:
    """Who still waits for words of a model that is closed hears so at once, and does not hang."""
    async with serve() as candidate, aclosing(candidate.open()) as model:
        candidate.server.script = lambda _: steps
        reading = asyncio.ensure_future(collect(model))
        await candidate.server.wait_until(lambda: candidate.server.streaming == 1)
        await model.aclose()
        with pytest.raises(ModelError, match="bedrock/test-model"):
            await asyncio.wait_for(reading, 5)


async def test_bedrock_closes_without_having_opened() -> None:
    """A model that was never asked can be closed, also twice."""
    model = make("http://127.0.0.1:1")
    await model.aclose()
    await model.aclose()
