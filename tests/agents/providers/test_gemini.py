from __future__ import annotations

import base64
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from agents.prompt import (
    REASONING_EFFORTS,
    ModelOptions,
    ModelRefused,
    ToolCall,
    ToolResult,
    ToolRound,
    ToolSpec,
)
from agents.providers import connections, gemini
from tests.agents.providers.candidates import PROMPT, TALK, WEATHER
from tests.agents.providers.candidates import serve_gemini as serve
from tests.fakes.model_servers.gemini import GeminiWire
from tests.fakes.model_servers.server import Break, Call, Pause, Raw, Refuse, Say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fakes.model_servers.server import Step

SIGNATURE = base64.b64encode(b"signed").decode()


async def test_gemini_is_asked_in_its_own_form() -> None:
    """Roles, system prompt, options and tools stand where the API wants them."""
    plain = ToolSpec("now", "The time.", {"type": "object", "properties": {}})
    async with serve() as candidate:
        await candidate.ask(replace(TALK, tools=(WEATHER, plain)))
        request = candidate.server.requests[0]
    assert request.method == "POST"
    assert request.path == "/v1beta/models/test-model:streamGenerateContent?alt=sse"
    assert request.body == {
        "systemInstruction": {"role": "user", "parts": [{"text": "Be brief."}]},
        "generationConfig": {"temperature": 0.2, "maxOutputTokens": 200},
        "contents": [
            {"role": "user", "parts": [{"text": "Hi"}]},
            {"role": "model", "parts": [{"text": "Hello!"}]},
            {"role": "user", "parts": [{"text": "Weather?"}]},
        ],
        "tools": [
            {
                "functionDeclarations": [
                    {
                        "name": "weather",
                        "description": "The weather of a city.",
                        # As the SDK spells it: protobuf's JSON reads both spellings.
                        "parameters_json_schema": dict(WEATHER.parameters),
                    },
                    {"name": "now", "description": "The time."},
                ]
            }
        ],
    }


async def test_gemini_is_not_told_what_nobody_set() -> None:
    """Without options the request is the conversation, and nothing else."""
    async with serve() as candidate:
        body = await candidate.send(ModelOptions())
    assert {name: value for name, value in body.items() if value} == {
        "contents": [{"role": "user", "parts": [{"text": "Hi"}]}]
    }


@pytest.mark.parametrize(
    ("model", "field", "values"),
    [
        (
            "gemini-3.1-flash-lite",
            "thinking_level",
            ["MINIMAL", "MINIMAL", "LOW", "MEDIUM", "HIGH"],
        ),
        ("gemini-2.5-flash", "thinking_budget", [0, 512, 1024, 8192, 24576]),
    ],
)
async def test_gemini_is_told_how_long_to_think(model: str, field: str, values: list[Any]) -> None:
    """Each effort becomes a level, and a number of tokens for models without levels."""
    async with serve(models=(model,)) as candidate:
        bodies = [
            await candidate.send(ModelOptions(reasoning_effort=effort), model)
            for effort in REASONING_EFFORTS
        ]
    # As the SDK spells it: protobuf's JSON reads both spellings.
    sent = [body["generationConfig"]["thinkingConfig"] for body in bodies]
    assert sent == [{field: value} for value in values]


@pytest.mark.parametrize("id_prefix", [None, "call-of-google-"])
async def test_gemini_gets_its_calls_back_as_it_made_them(id_prefix: str | None) -> None:
    """Calls go back with their signature, and with an id if they had one, before their results."""
    async with serve(id_prefix=id_prefix, signature=SIGNATURE) as candidate:
        candidate.server.script = lambda _: [
            Say("Let me see."),
            Call("weather", {"city": "Łódź"}),
            Call("weather", {}),
        ]
        _, first, second = await candidate.ask(replace(PROMPT, tools=(WEATHER,)))
        assert isinstance(first, ToolCall)
        assert isinstance(second, ToolCall)
        assert first.id != second.id
        assert (first.arguments, second.arguments) == ('{"city": "Łódź"}', "{}")
        candidate.server.script = lambda _: [Say("It rains.")]
        results = (ToolResult(first, "It rains."), ToolResult(second, "No.", failed=True))
        await candidate.ask(replace(PROMPT, rounds=(ToolRound("Let me see.", results),)))
        contents = candidate.server.requests[-1].body["contents"]
    ids = [{} if id_prefix is None else {"id": call.id} for call in (first, second)]
    assert contents[1:] == [
        {
            "role": "model",
            "parts": [
                {"text": "Let me see."},
                {
                    "functionCall": {"name": "weather", "args": {"city": "Łódź"}, **ids[0]},
                    "thoughtSignature": SIGNATURE,
                },
                {"functionCall": {"name": "weather", "args": {}, **ids[1]}},
            ],
        },
        {
            "role": "user",
            "parts": [
                {
                    "functionResponse": {
                        "name": "weather",
                        "response": {"output": "It rains."},
                        **ids[0],
                    }
                },
                {"functionResponse": {"name": "weather", "response": {"error": "No."}, **ids[1]}},
            ],
        },
    ]


async def test_gemini_does_not_get_a_made_up_name_back() -> None:
    """A call that was renamed, for there is no such tool, goes back by the name of its result."""
    async with serve(signature=SIGNATURE) as candidate:
        candidate.server.script = lambda _: [Call("say_secret_words", {})]
        (call,) = await candidate.ask(replace(PROMPT, tools=(WEATHER,)))
        assert isinstance(call, ToolCall)
        result = ToolResult(replace(call, name="unknown_tool"), "No.", failed=True)
        candidate.server.script = lambda _: [Say("No.")]
        await candidate.ask(replace(PROMPT, rounds=(ToolRound("", (result,)),)))
        said, told = candidate.server.requests[-1].body["contents"][1:]
    assert said["parts"][0]["functionCall"]["name"] == "unknown_tool"
    assert told["parts"][0]["functionResponse"]["name"] == "unknown_tool"


async def test_gemini_is_told_of_calls_that_another_model_made() -> None:
    """A call of another provider goes as one of its own, signed as one of unknown thoughts."""
    call = ToolCall("toolu_a", "weather", '{"city": "Ulm"}', object())
    done = ToolRound("", (ToolResult(call, "It rains."),))
    async with serve() as candidate:
        await candidate.ask(replace(PROMPT, rounds=(done,)))
        said, results = candidate.server.requests[-1].body["contents"][1:]
    (part,) = said["parts"]
    assert part["functionCall"] == {"name": "weather", "args": {"city": "Ulm"}}
    assert base64.b64decode(part["thoughtSignature"]) == b"skip_thought_signature_validator"
    (part,) = results["parts"]
    response = {"name": "weather", "response": {"output": "It rains."}}
    assert part == {"functionResponse": response}


async def test_gemini_answer_that_breaks_is_not_continued() -> None:
    """What the SDK could carry on with a second request ends as the first one does: in an error."""
    async with serve() as candidate:
        candidate.server.script = lambda _: [Raw(GeminiWire.promise_more), Pause(0.05), Break()]
        await candidate.fail()
        assert len(candidate.server.requests) == 1


async def test_gemini_functions_are_not_the_sdks_to_call(caplog: pytest.LogCaptureFixture) -> None:
    """The SDK neither calls functions by itself, nor tells in each turn that it would."""
    caplog.set_level("INFO", "google_genai")
    async with serve() as candidate:
        await candidate.ask()
        await candidate.ask(replace(PROMPT, tools=(WEATHER,)))
    assert not [record for record in caplog.records if record.name.startswith("google_genai")]


async def test_gemini_does_not_say_its_thoughts() -> None:
    """Thoughts in the stream are no text."""
    async with serve(thought="The user greets.") as candidate:
        assert await candidate.ask() == ["Hello", " there."]


async def test_gemini_reasons_to_end_may_come_early(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reason before the words, or on each chunk, as gateways put it, ends no answer."""
    monkeypatch.setattr(gemini, "_LATE_SECONDS", 0.05)
    ended = Raw(GeminiWire.end)
    async with serve() as candidate:
        candidate.server.script = lambda _: [ended, Pause(0.1), Say("Hello"), ended, Say(" there.")]
        assert await candidate.ask() == ["Hello", " there."]


@pytest.mark.parametrize(
    "wire",
    [
        {"finish_reason": "SAFETY"},
        {"finish_reason": "MALFORMED_FUNCTION_CALL"},
        {"block_reason": "PROHIBITED_CONTENT"},
    ],
)
async def test_gemini_that_is_stopped_is_an_error(wire: dict[str, str]) -> None:
    """An answer that the provider stops is never a silence: it is told, and says why."""
    async with serve(**wire) as candidate:
        candidate.server.script = lambda _: []
        error = await candidate.fail()
    (reason,) = wire.values()
    assert str(error).startswith(f"gemini/test-model gave no answer, or not all of it ({reason})")
    assert not isinstance(error, ModelRefused)


@pytest.mark.parametrize(
    ("finish_reason", "told"), [("STOP", "gave no answer"), (None, "no complete answer came")]
)
async def test_gemini_that_says_nothing_is_an_error(finish_reason: str | None, told: str) -> None:
    """An answer without words and without calls is told as none."""
    async with serve(finish_reason=finish_reason, thought="Hm.") as candidate:
        candidate.server.script = lambda _: []
        assert told in str(await candidate.fail())


async def test_gemini_may_reach_its_limit() -> None:
    """The end at the maximum of tokens is an end like any other."""
    async with serve(finish_reason="MAX_TOKENS") as candidate:
        assert await candidate.ask() == ["Hello", " there."]


async def test_gemini_must_not_reach_its_limit_before_it_speaks() -> None:
    """Thoughts that use up the limit are told with the variable that sets it."""
    async with serve(finish_reason="MAX_TOKENS", thought="Hm.") as candidate:
        candidate.server.script = lambda _: []
        assert "SPEECH_ENGINE_MAX_TOKENS" in str(await candidate.fail())


async def test_gemini_names_the_variable_of_a_wrong_key() -> None:
    """The 400 that a wrong key is answered with is told as what it is."""
    reason = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}
    async with serve(details=(reason,)) as candidate:
        candidate.server.script = lambda _: [Refuse(400)]
        error = await candidate.fail()
    assert isinstance(error, ModelRefused)
    assert "GEMINI_API_KEY" in str(error)


@pytest.mark.parametrize(
    ("delay", "header", "expected"), [("34.5s", None, 34.5), ("2s", "7", 7), ("soon", None, None)]
)
async def test_gemini_tells_when_to_come_back(
    delay: str, header: str | None, expected: float | None
) -> None:
    """The longest wait that the provider asks for counts, in the header or in the body."""
    info = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}
    async with serve(details=(info,)) as candidate:
        candidate.server.script = lambda _: [Refuse(429, retry_after=header)]
        error = await candidate.fail()
    assert error.retry_after_seconds == expected


async def test_gemini_is_not_asked_again_behind_the_back() -> None:
    """A broken connection is told at once: the SDK's other transport would wait and ask again."""
    async with serve() as candidate:
        candidate.server.is_down = True
        assert "ReadError" in str(await candidate.fail())
        assert candidate.server.connections == 1


async def test_gemini_silence_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time limits are those of the project's client, which the SDK would take away."""
    monkeypatch.setattr(connections, "READ_SECONDS", 0.1)
    async with serve() as candidate:
        candidate.server.script = lambda _: [Say("Well,"), Pause()]
        assert "ReadTimeout" in str(await candidate.fail())
        assert "x-server-timeout" not in candidate.server.requests[0].headers


async def test_gemini_turns_at_the_same_time_close_their_own_connections() -> None:
    """Of two answers in one task, closing the first leaves the second streaming."""
    async with serve() as candidate:
        scripts: Iterator[list[Step]] = iter(
            [[Say("One"), Pause()], [Say("One"), Pause(0.05), Say("two")]]
        )
        candidate.server.script = lambda _: next(scripts)
        async with aclosing(candidate.open()) as model:
            first, second = model.stream(PROMPT), model.stream(PROMPT)
            assert [await anext(first), await anext(second)] == ["One", "One"]
            await first.aclose()
            assert [piece async for piece in second] == ["two"]
            await candidate.server.wait_until(lambda: candidate.server.hung_up == 1)
