"""The terms of Amazon Bedrock's Converse API: a prompt becomes a request, events become an answer.

No client and no network here.
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from agents.prompt import ToolCall, ToolSpec
from agents.providers.arguments import parse_arguments
from agents.providers.failures import report_cut, report_no_answer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agents.prompt import ModelOptions, Prompt, ToolResult, ToolRound
    from speech_engine import ConversationMessage

# "sync" holds text back until the guardrail has read it, which delays the first words; "async"
# lets it out at once and stops later, but what was spoken can't be unsaid, and it masks nothing:
# https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-streaming.html
_GUARDRAIL_MODE = "sync"

_ROLES = {"user": "user", "agent": "assistant"}


@dataclass(frozen=True, slots=True)
class Question:
    """What stays the same in every request to one model."""

    model_id: str
    options: ModelOptions
    guardrail: tuple[str, str] | None = None

    def ask(self, prompt: Prompt) -> dict[str, Any]:
        """The request's parameters; what is not set is left out."""
        parts = {
            "modelId": self.model_id,
            "messages": [*self._messages(prompt.messages), *self._rounds(prompt.rounds)],
            "system": [{"text": prompt.instructions}] if prompt.instructions.strip() else [],
            "inferenceConfig": self._inference(),
            "toolConfig": _tool_config(prompt),
            "guardrailConfig": self._guardrail_config(),
        }
        return {name: part for name, part in parts.items() if part}

    def _messages(self, messages: tuple[ConversationMessage, ...]) -> Iterator[dict[str, Any]]:
        # The guardrail reads the newest message only: each one before has been the newest once,
        # and a blocked one would block the rest of the conversation too.
        # https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-use-converse-api.html
        newest = len(messages) - 1 if self.guardrail else None
        for number, message in enumerate(messages):
            block: dict[str, Any] = {"text": message.content}
            if number == newest:
                block = {"guardContent": {"text": block}}
            yield {"role": _ROLES[message.role], "content": [block]}

    def _rounds(self, rounds: tuple[ToolRound, ...]) -> Iterator[dict[str, Any]]:
        for past in rounds:
            yield {"role": "assistant", "content": list(self._called(past))}
            yield {"role": "user", "content": [_tool_result(result) for result in past.results]}

    def _called(self, past: ToolRound) -> Iterator[dict[str, Any]]:
        said = past.text if past.text.strip() else ""
        for call in (result.call for result in past.results):
            # Another model's signature is not valid here.
            if isinstance(call.extra, Reasoning) and call.extra.model_id == self.model_id:
                yield from call.extra.blocks
            if said:
                yield {"text": said}
                said = ""
            arguments = parse_arguments(call.arguments)
            yield {"toolUse": {"toolUseId": call.id, "name": call.name, "input": arguments}}

    def _inference(self) -> dict[str, Any]:
        limits = {"maxTokens": self.options.max_tokens, "temperature": self.options.temperature}
        return {name: value for name, value in limits.items() if value is not None}

    def _guardrail_config(self) -> dict[str, Any]:
        if self.guardrail is None:
            return {}
        identifier, version = self.guardrail
        return {
            "guardrailIdentifier": identifier,
            "guardrailVersion": version,
            "streamProcessingMode": _GUARDRAIL_MODE,
        }


def _tool_config(prompt: Prompt) -> dict[str, Any]:
    # A request with tool blocks in its messages is refused without any tools, also when the model
    # is to call none any more.
    past = {result.call.name for tools in prompt.rounds for result in tools.results}
    specs = prompt.tools or tuple(ToolSpec(name, "", {"type": "object"}) for name in sorted(past))
    return {"tools": [{"toolSpec": _tool_spec(spec)} for spec in specs]} if specs else {}


def _tool_spec(spec: ToolSpec) -> dict[str, Any]:
    described = {"description": spec.description} if spec.description else {}
    return {"name": spec.name, **described, "inputSchema": {"json": dict(spec.parameters)}}


def _tool_result(result: ToolResult) -> dict[str, Any]:
    # Blank text is refused.
    content = result.content if result.content.strip() else "(nothing)"
    status = {"status": "error"} if result.failed else {}
    return {
        "toolResult": {"toolUseId": result.call.id, "content": [{"text": content}], **status},
    }


@dataclass(frozen=True, slots=True)
class Reasoning:
    """What a model thought before a call, signed by it; it wants that back with the result."""

    model_id: str
    blocks: tuple[dict[str, Any], ...] = field(repr=False)


class Answer:
    """Puts one answer together from the stream's events."""

    def __init__(self, model_id: str) -> None:
        self._model_id = model_id
        self._calls: dict[int, tuple[dict[str, Any], list[str]]] = {}
        self._thought: list[str] = []
        self._reasoning: list[dict[str, Any]] = []
        self._stop_reason: str | None = None
        self._is_empty = True

    def take(self, event: dict[str, Any]) -> str | ToolCall | None:
        """A piece of text or a whole call, if the event completes one."""
        piece: str | ToolCall | None = None
        match event:
            case {"contentBlockDelta": {"contentBlockIndex": index, "delta": delta}}:
                piece = self._take_delta(index, delta)
            case {"contentBlockStart": {"contentBlockIndex": index, "start": {"toolUse": tool}}}:
                self._calls[index] = (tool, [])
            case {"contentBlockStop": {"contentBlockIndex": index}}:
                piece = self._end_block(index)
            case {"messageStop": {"stopReason": reason}}:
                self._stop_reason = reason
        self._is_empty = self._is_empty and piece is None
        return piece

    def expect_end(self, name: str) -> None:
        """Raise ModelError if what was taken is no whole answer of the model `name`."""
        reason = self._stop_reason
        if reason is None:
            raise report_cut(name)
        filtered = reason == "content_filtered" and self._is_empty
        if reason.startswith("malformed_") or filtered:
            raise report_no_answer(name, reason)

    def _take_delta(self, index: int, delta: dict[str, Any]) -> str | None:
        match delta:
            case {"text": str(text)}:
                return text or None
            case {"toolUse": {"input": fragment}} if index in self._calls:
                self._calls[index][1].append(fragment)
            case {"reasoningContent": thought}:
                self._take_thought(thought)
        return None

    def _take_thought(self, thought: dict[str, Any]) -> None:
        match thought:
            case {"text": text}:
                self._thought.append(text)
            case {"signature": signature}:
                # Only models that sign their reasoning take it back.
                signed = {"text": "".join(self._thought), "signature": signature}
                self._reasoning.append({"reasoningContent": {"reasoningText": signed}})
            case {"redactedContent": redacted}:
                self._reasoning.append({"reasoningContent": {"redactedContent": redacted}})

    def _end_block(self, index: int) -> ToolCall | None:
        self._thought = []
        tool, fragments = self._calls.pop(index, (None, []))
        if tool is None:
            return None
        blocks, self._reasoning = tuple(self._reasoning), []
        extra = Reasoning(self._model_id, blocks) if blocks else None
        return ToolCall(tool["toolUseId"], tool["name"], "".join(fragments) or "{}", extra)
