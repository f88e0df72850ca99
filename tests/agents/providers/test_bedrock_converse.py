from __future__ import annotations

from typing import Any

import pytest

from agents.prompt import ModelOptions, Prompt, ToolCall, ToolResult, ToolRound
from agents.providers.bedrock_converse import Answer, Question, Reasoning
from speech_engine import ConversationMessage
from tests.agents.providers.candidates import PROMPT, WEATHER

QUESTION = Question("amazon.nova-lite-v1:0", ModelOptions())
SIGNED = {"reasoningContent": {"reasoningText": {"text": "Hm", "signature": "c2ln"}}}


def ask_with(*rounds: ToolRound, **parts: Any) -> dict[str, Any]:
    return QUESTION.ask(Prompt(instructions="", messages=PROMPT.messages, rounds=rounds, **parts))


def round_of(call: ToolCall, content: str = "It rains.", *, text: str = "") -> ToolRound:
    return ToolRound(text, (ToolResult(call, content),))


def test_converse_asks_with_all_that_is_set() -> None:
    """Instructions, options, roles and tools each have their place in the request."""
    question = Question("m", ModelOptions(temperature=0.0, max_tokens=5))
    messages = (
        ConversationMessage("user", "Hi"),
        ConversationMessage("agent", "Hello"),
        ConversationMessage("user", "Rain?"),
    )
    assert question.ask(Prompt(instructions="Be brief.", messages=messages, tools=(WEATHER,))) == {
        "modelId": "m",
        "messages": [
            {"role": "user", "content": [{"text": "Hi"}]},
            {"role": "assistant", "content": [{"text": "Hello"}]},
            {"role": "user", "content": [{"text": "Rain?"}]},
        ],
        "system": [{"text": "Be brief."}],
        "inferenceConfig": {"maxTokens": 5, "temperature": 0.0},
        "toolConfig": {
            "tools": [
                {
                    "toolSpec": {
                        "name": "weather",
                        "description": "The weather of a city.",
                        "inputSchema": {"json": dict(WEATHER.parameters)},
                    }
                }
            ]
        },
    }


def test_converse_shows_the_guardrail_the_newest_message_only() -> None:
    """What was blocked once does not block the rest of the conversation."""
    question = Question("m", ModelOptions(), ("gr-1", "DRAFT"))
    messages = (
        ConversationMessage("user", "Hi"),
        ConversationMessage("agent", "Hello"),
        ConversationMessage("user", "Rain?"),
    )
    contents = [
        message["content"]
        for message in question.ask(Prompt(instructions="", messages=messages))["messages"]
    ]
    guarded = {"guardContent": {"text": {"text": "Rain?"}}}
    assert contents == [[{"text": "Hi"}], [{"text": "Hello"}], [guarded]]


def test_converse_gives_results_back_in_order() -> None:
    """A round is what the model said and called, then all results; failures are marked."""
    first, second = ToolCall("a", "weather", '{"city": "Rome"}'), ToolCall("b", "clock", "{}")
    results = (ToolResult(first, "It rains."), ToolResult(second, "No clock.", failed=True))
    request = ask_with(ToolRound("Let me see.", results), tools=(WEATHER,))
    assert request["messages"][1:] == [
        {
            "role": "assistant",
            "content": [
                {"text": "Let me see."},
                {"toolUse": {"toolUseId": "a", "name": "weather", "input": {"city": "Rome"}}},
                {"toolUse": {"toolUseId": "b", "name": "clock", "input": {}}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"toolResult": {"toolUseId": "a", "content": [{"text": "It rains."}]}},
                {
                    "toolResult": {
                        "toolUseId": "b",
                        "content": [{"text": "No clock."}],
                        "status": "error",
                    }
                },
            ],
        },
    ]


def test_converse_sends_no_blank_text() -> None:
    """The service refuses blank blocks: silence is left out, an empty result is said to be one."""
    messages = ask_with(round_of(ToolCall("a", "weather", "{}"), " ", text="\n"))["messages"]
    assert [list(block) for block in messages[1]["content"]] == [["toolUse"]]
    assert messages[2]["content"][0]["toolResult"]["content"] == [{"text": "(nothing)"}]


def test_converse_names_past_tools_when_none_are_offered() -> None:
    """The service refuses tool blocks in a request without tools."""
    request = ask_with(round_of(ToolCall("a", "weather", "{}")))
    spec = {"name": "weather", "inputSchema": {"json": {"type": "object"}}}
    assert request["toolConfig"] == {"tools": [{"toolSpec": spec}]}


@pytest.mark.parametrize(
    ("extra", "kinds"),
    [
        (Reasoning(QUESTION.model_id, (SIGNED,)), ["reasoningContent", "text", "toolUse"]),
        (Reasoning("another", (SIGNED,)), ["text", "toolUse"]),
        ("another provider's", ["text", "toolUse"]),
    ],
)
def test_converse_returns_thoughts_to_their_own_model(extra: object, kinds: list[str]) -> None:
    """A signature is sent back to the model that made it, before what it said, to no other."""
    request = ask_with(round_of(ToolCall("a", "weather", "{}", extra), text="Let me see."))
    assert [kind for block in request["messages"][1]["content"] for kind in block] == kinds


def test_converse_keeps_each_thought_before_its_own_call() -> None:
    """Thoughts between two calls go back between them; unsigned ones are dropped."""
    answer = Answer("m")
    events: list[dict[str, Any]] = []
    for index, thought in ((0, {"signature": "one"}), (2, {"text": "aside"}), (3, {"text": ""})):
        delta = {"contentBlockIndex": index, "delta": {"reasoningContent": thought}}
        start = {"toolUse": {"toolUseId": f"t{index}", "name": "clock"}}
        events += [
            {"contentBlockDelta": delta},
            {"contentBlockStop": {"contentBlockIndex": index}},
            {"contentBlockStart": {"contentBlockIndex": index + 1, "start": start}},
            {"contentBlockStop": {"contentBlockIndex": index + 1}},
        ]
    calls = [piece for event in events if isinstance(piece := answer.take(event), ToolCall)]
    block = {"reasoningContent": {"reasoningText": {"text": "", "signature": "one"}}}
    assert [call.extra for call in calls] == [Reasoning("m", (block,)), None, None]


def test_converse_hides_thoughts_in_its_repr() -> None:
    """What a model thought of a caller is not for logs."""
    assert "Hm" not in repr(Reasoning("m", (SIGNED,)))
