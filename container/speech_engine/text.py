"""Text of one chunk of an LLM stream.

Owns the shapes in which model providers stream text. Must not know sessions, sockets or the
provider libraries themselves: shapes are told apart by their field names alone.
"""

from __future__ import annotations

from typing import Any

_FIELDS = ("type", "delta", "choices", "candidates", "contentBlockDelta", "content")


def extract_text(chunk: object) -> str | None:
    """Return the text that `chunk` carries, or None if it carries none in a known shape.

    A string is its own text. Dictionaries and the providers' own objects are tried in this order:
    OpenAI Responses, OpenAI Chat Completions, Anthropic Messages, Google Gemini, Amazon Bedrock
    ConverseStream, LangChain `AIMessageChunk`. Reasoning, thoughts and tool calls are not text.
    No object makes this function raise.

    See https://elevenlabs.io/docs/eleven-agents/guides/speech-engine and
    https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStreamOutput.html
    """
    if type(chunk) is str:
        return chunk
    try:
        return _read(chunk)
    except Exception:  # noqa: BLE001 - properties of foreign objects may raise anything
        return None


def _read(chunk: Any) -> str | None:
    if isinstance(chunk, dict):
        return _read_fields(chunk)
    own_fields = getattr(chunk, "__dict__", None)
    text = _read_fields(own_fields) if own_fields else None
    # A pydantic model (OpenAI, Anthropic, Gemini, LangChain) keeps all its fields there, and to
    # ask it for an attribute that it lacks costs microseconds.
    if text is not None or hasattr(type(chunk), "__pydantic_fields__"):
        return text
    if issubclass(type(chunk), str):
        return str.__str__(chunk)
    return _read_fields({name: getattr(chunk, name, None) for name in _FIELDS})


def _read_fields(fields: Any) -> str | None:
    kind = fields.get("type")
    text = None
    if kind == "response.output_text.delta":
        text = _text_or_none(fields.get("delta"))
    if text is None and (choices := fields.get("choices")):
        text = _read_chat_completion(choices)
    if text is None and kind == "content_block_delta":
        text = _read_anthropic(fields.get("delta"))
    if text is None and (candidates := fields.get("candidates")):
        text = _read_gemini(candidates)
    if text is None and (event := fields.get("contentBlockDelta")):
        text = _text_or_none(_get(_get(event, "delta"), "text"))
    if text is None and kind == "AIMessageChunk":
        text = _read_langchain(fields.get("content"))
    return text


def _read_chat_completion(choices: Any) -> str | None:
    if not isinstance(choices, (list, tuple)):
        return None
    return _text_or_none(_get(_get(choices[0], "delta"), "content"))


def _read_anthropic(delta: Any) -> str | None:
    return _text_or_none(_get(delta, "text")) if _get(delta, "type") == "text_delta" else None


def _read_gemini(candidates: Any) -> str | None:
    if not isinstance(candidates, (list, tuple)):
        return None
    parts = _get(_get(candidates[0], "content"), "parts")
    if not isinstance(parts, (list, tuple)):
        return None
    return _join([_get(part, "text") for part in parts if _get(part, "thought") is not True])


def _read_langchain(content: Any) -> str | None:
    if not isinstance(content, list):
        return _text_or_none(content)
    return _join([_read_content_block(block) for block in content])


def _read_content_block(block: Any) -> Any:
    return _get(block, "text") if _get(block, "type") == "text" else block


def _join(pieces: list[Any]) -> str | None:
    if len(pieces) == 1:
        return _text_or_none(pieces[0])
    texts = [piece for piece in pieces if issubclass(type(piece), str)]
    return "".join(texts) if texts else None


def _get(thing: Any, name: str) -> Any:
    return thing.get(name) if isinstance(thing, dict) else getattr(thing, name, None)


def _text_or_none(value: Any) -> str | None:
    # issubclass, since isinstance believes what a mock says of its own class.
    return value if issubclass(type(value), str) else None
