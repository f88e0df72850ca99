"""What text a stream chunk carries, for each provider's objects and for the same as dictionaries.

Anything else carries none, and nothing makes the reader raise.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import pytest
from anthropic.types import (
    InputJSONDelta,
    RawContentBlockDeltaEvent,
    RawMessageStopEvent,
    TextDelta,
    ThinkingDelta,
)
from google.genai.types import GenerateContentResponse
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessageChunk, HumanMessage
from openai.types.chat import ChatCompletionChunk
from openai.types.responses import ResponseRefusalDeltaEvent, ResponseTextDeltaEvent

from speech_engine.text import extract_text


def chat_chunk(delta: dict[str, Any] | None) -> ChatCompletionChunk:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": None}]
    return ChatCompletionChunk.model_validate(
        {
            "id": "c",
            "created": 1,
            "model": "m",
            "object": "chat.completion.chunk",
            "choices": choices,
        }
    )


def responses_chunk(text: str) -> ResponseTextDeltaEvent:
    return ResponseTextDeltaEvent(
        type="response.output_text.delta",
        delta=text,
        content_index=0,
        item_id="i",
        logprobs=[],
        output_index=0,
        sequence_number=1,
    )


def gemini_chunk(*parts: dict[str, Any]) -> GenerateContentResponse:
    return GenerateContentResponse.model_validate(
        {"candidates": [{"content": {"role": "model", "parts": list(parts)}}]}
    )


def anthropic_chunk(text: str) -> RawContentBlockDeltaEvent:
    return RawContentBlockDeltaEvent(
        type="content_block_delta", index=0, delta=TextDelta(type="text_delta", text=text)
    )


PROVIDER_OBJECTS = [
    pytest.param(responses_chunk("word"), id="openai-responses"),
    pytest.param(chat_chunk({"content": "word"}), id="openai-chat"),
    pytest.param(anthropic_chunk("word"), id="anthropic"),
    pytest.param(gemini_chunk({"text": "word"}), id="gemini"),
    pytest.param(AIMessageChunk(content="word"), id="langchain"),
    pytest.param(
        AIMessageChunk(content=[{"type": "text", "text": "word", "index": 0}]),
        id="langchain-blocks",
    ),
]


@pytest.mark.parametrize("chunk", PROVIDER_OBJECTS)
def test_text_is_read_from_the_providers_own_objects(chunk: Any) -> None:
    """A chunk object as the provider's library makes it yields its text."""
    assert extract_text(chunk) == "word"


@pytest.mark.parametrize("chunk", PROVIDER_OBJECTS)
def test_text_is_read_from_the_same_chunk_as_dictionary(chunk: Any) -> None:
    """A chunk turned into plain dictionaries yields the same text as the object."""
    assert extract_text(chunk.model_dump()) == "word"


@pytest.mark.parametrize("chunk", PROVIDER_OBJECTS)
def test_text_is_read_from_objects_that_answer_by_property(chunk: Any) -> None:
    """A chunk whose fields are not in its instance dictionary yields its text all the same."""

    class Proxy:
        __slots__ = ()

        def __getattr__(self, name: str) -> Any:
            return getattr(chunk, name)

    assert extract_text(Proxy()) == "word"


def test_text_of_a_string_is_that_very_string() -> None:
    """A plain string is returned as it is."""
    text = "word " * 3
    assert extract_text(text) is text


def test_text_of_a_string_subclass_is_its_characters() -> None:
    """A string of a derived class counts as a string, whatever its `__str__` says."""

    class Odd(str):
        def __str__(self) -> str:
            return "other"

    assert extract_text(Odd("word")) == "word"


def test_text_of_class_level_fields_is_read() -> None:
    """A hand-written event that keeps its type on the class is understood."""

    class Delta:
        type = "text_delta"
        text = "word"

    class Event:
        type = "content_block_delta"

        def __init__(self) -> None:
            self.delta = Delta()

    assert extract_text(Event()) == "word"


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ([{"text": "a"}, {"text": "b"}], "ab"),
        ([{"text": "plan", "thought": True}, {"text": "b"}], "b"),
        ([{"text": "plan", "thought": True}], None),
        ([{"function_call": {"name": "f", "args": {}}}, {"text": "b"}, {"text": "c"}], "bc"),
        ([{"function_call": {"name": "f", "args": {}}}], None),
        ([], None),
    ],
)
def test_text_of_gemini_joins_all_parts_but_thoughts(
    parts: list[dict[str, Any]], text: str | None
) -> None:
    """All text parts of the first Gemini candidate are joined, thoughts and calls left out."""
    chunk = gemini_chunk(*parts)
    assert extract_text(chunk) == text
    assert extract_text(chunk.model_dump()) == text


@pytest.mark.parametrize(
    ("event", "text"),
    [
        ({"contentBlockDelta": {"contentBlockIndex": 0, "delta": {"text": "word"}}}, "word"),
        ({"contentBlockDelta": {"delta": {"reasoningContent": {"text": "plan"}}}}, None),
        ({"contentBlockDelta": {"delta": {"toolUse": {"input": '{"a":'}}}}, None),
        ({"contentBlockDelta": {}}, None),
        ({"messageStart": {"role": "assistant"}}, None),
        ({"messageStop": {"stopReason": "end_turn"}}, None),
        ({"metadata": {"usage": {"inputTokens": 1}}}, None),
    ],
)
def test_text_of_bedrock_is_the_text_delta_only(event: dict[str, Any], text: str | None) -> None:
    """Of Bedrock's ConverseStream events only a text delta is text, as dict or as objects."""
    assert extract_text(event) == text
    assert extract_text(as_object(event)) == text


def as_object(value: Any) -> Any:
    if isinstance(value, dict):
        return SimpleNamespace(**{name: as_object(item) for name, item in value.items()})
    return value


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("", ""),
        ([], None),
        (["a", {"type": "text", "text": "b"}], "ab"),
        ([{"type": "reasoning", "reasoning": "plan"}, {"type": "text", "text": "b"}], "b"),
        ([{"type": "tool_use", "name": "f", "input": {}}], None),
        ([{"type": "input_json_delta", "partial_json": "{", "text": "no"}], None),
    ],
)
def test_text_of_langchain_is_string_content_or_text_blocks(content: Any, text: str | None) -> None:
    """A LangChain chunk's text is its string content or its text blocks joined."""
    assert extract_text(AIMessageChunk(content=content)) == text
    assert extract_text({"type": "AIMessageChunk", "content": content}) == text


@pytest.mark.parametrize(
    "chunk",
    [
        chat_chunk(None),
        chat_chunk({"role": "assistant"}),
        chat_chunk({"tool_calls": [{"index": 0, "function": {"name": "f", "arguments": "{"}}]}),
        ResponseRefusalDeltaEvent(
            type="response.refusal.delta",
            content_index=0,
            delta="no",
            item_id="i",
            output_index=0,
            sequence_number=1,
        ),
        RawContentBlockDeltaEvent(
            type="content_block_delta",
            index=1,
            delta=InputJSONDelta(type="input_json_delta", partial_json="{"),
        ),
        RawContentBlockDeltaEvent(
            type="content_block_delta",
            index=1,
            delta=ThinkingDelta(type="thinking_delta", thinking="plan"),
        ),
        RawMessageStopEvent(type="message_stop"),
        GenerateContentResponse(candidates=[]),
        GenerateContentResponse.model_validate({"candidates": [{"finish_reason": "STOP"}]}),
        HumanMessage(content="mine"),
    ],
)
def test_text_is_absent_from_other_events_of_the_providers(chunk: Any) -> None:
    """Role markers, tool calls, thinking, refusals and ends of a stream carry no text."""
    assert extract_text(chunk) is None
    assert extract_text(chunk.model_dump()) is None


@pytest.mark.parametrize(
    "chunk",
    [
        None,
        True,
        7,
        2.5,
        b"bytes",
        [],
        ["a"],
        ("a",),
        {},
        object(),
        SimpleNamespace(),
        int,
        {"type": "response.output_text.delta", "delta": None},
        {"type": "response.output_text.done", "text": "whole"},
        {"type": "text", "text": "whole"},
        {"role": "user", "content": "mine"},
        {"choices": "ab"},
        {"choices": [None]},
        {"choices": [{"delta": {"content": 5}}]},
        {"type": "content_block_delta", "delta": {"type": "text_delta", "text": b"x"}},
        {"candidates": {"content": 1}},
        {"candidates": [{"content": {"parts": "ab"}}]},
        {"type": "AIMessageChunk", "content": None},
    ],
)
def test_text_is_absent_from_what_is_not_a_chunk(chunk: object) -> None:
    """Anything in no documented shape carries no text."""
    assert extract_text(chunk) is None


@pytest.mark.parametrize("spec", [None, str, dict, list, int])
def test_text_of_an_object_that_answers_everything_is_absent(spec: Any) -> None:
    """A mock, even one that passes for a string, is not taken for text."""
    assert extract_text(MagicMock(spec=spec)) is None


def test_text_nested_in_mocks_is_read() -> None:
    """A mock with the fields of a chat chunk set on it is read like the chunk."""
    chunk = MagicMock()
    chunk.choices = [MagicMock()]
    chunk.choices[0].delta.content = "word"
    assert extract_text(chunk) == "word"


def test_text_of_an_object_that_raises_is_absent() -> None:
    """Errors raised by a chunk's attributes do not reach the caller."""

    class Hostile:
        def __getattribute__(self, name: str) -> Any:
            raise RuntimeError(name)

    class Lair:
        @property
        def choices(self) -> Any:
            raise OSError("gone")

    assert extract_text(Hostile()) is None
    assert extract_text(Lair()) is None
    assert extract_text({"choices": [Hostile()]}) is None
    assert extract_text({"type": Hostile(), "choices": Hostile()}) is None


FORMATS: list[dict[str, Any]] = [
    {"type": "response.output_text.delta", "delta": "responses"},
    {"choices": [{"delta": {"content": "chat"}}]},
    {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "anthropic"}},
    {"candidates": [{"content": {"parts": [{"text": "gemini"}]}}]},
    {"contentBlockDelta": {"delta": {"text": "bedrock"}}},
    {"type": "AIMessageChunk", "content": "langchain"},
]


@pytest.mark.parametrize("first", range(len(FORMATS)))
@pytest.mark.parametrize("second", range(len(FORMATS)))
def test_text_of_two_shapes_at_once_is_that_of_the_earlier_one(first: int, second: int) -> None:
    """A chunk in two shapes yields the one that comes first in the documented order."""
    early, late = sorted((first, second))
    chunk = FORMATS[late] | FORMATS[early]
    expected = extract_text(FORMATS[early])
    assert extract_text(chunk) == expected
    assert extract_text(SimpleNamespace(**chunk)) == expected


NAMES = st.sampled_from(
    [
        "type",
        "delta",
        "choices",
        "candidates",
        "contentBlockDelta",
        "content",
        "parts",
        "text",
        "thought",
    ]
)
WORDS = st.sampled_from(
    ["response.output_text.delta", "content_block_delta", "text_delta", "AIMessageChunk", "text"]
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary()
    | WORDS
    | st.builds(object)
    | st.builds(MagicMock)
)


def nest(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    fields = st.dictionaries(NAMES, values, max_size=4)
    lists = st.lists(values, max_size=3)
    return fields | fields.map(lambda items: SimpleNamespace(**items)) | lists | lists.map(tuple)


@given(st.recursive(LEAVES, nest, max_leaves=12))
def test_text_of_any_object_is_a_string_or_absent(chunk: object) -> None:
    """No object makes the reader raise or return anything but a string or None."""
    text = extract_text(chunk)
    assert text is None or type(text) is str


@given(st.text(), st.recursive(LEAVES, nest, max_leaves=4))
def test_text_does_not_depend_on_chunks_seen_before(word: str, other: object) -> None:
    """Reading one chunk never changes what another one yields."""
    chunk = SimpleNamespace(choices=[SimpleNamespace(delta=SimpleNamespace(content=word))])
    extract_text(other)
    assert extract_text(chunk) == word
