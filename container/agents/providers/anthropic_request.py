"""What Anthropic's models are asked: a prompt in the terms of the Messages API.

https://platform.claude.com/docs/en/api/messages
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from agents.providers.arguments import parse_arguments

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agents.prompt import Prompt, ToolRound, ToolSpec

    Block = dict[str, Any]
    """A content block as it is sent back."""


@dataclass(frozen=True, slots=True)
class Preceding:
    """The blocks before a tool call, its thoughts among them: only their own model takes them."""

    model: str
    blocks: tuple[Block, ...]


def build_request(prompt: Prompt, model: str) -> dict[str, Any]:
    """Return the parts of a request that depend on the conversation."""
    roles = {"user": "user", "agent": "assistant"}
    messages: list[Mapping[str, object]] = [
        {"role": roles[message.role], "content": message.content} for message in prompt.messages
    ]
    for done in prompt.rounds:
        messages += _tell_round(done, model)
    request: dict[str, Any] = {"messages": messages}
    if prompt.instructions:
        request["system"] = prompt.instructions
    if prompt.tools:
        request["tools"] = [_describe(tool) for tool in prompt.tools]
    return request


def _describe(tool: ToolSpec) -> Block:
    return {
        "name": tool.name,
        "description": tool.description,
        "input_schema": dict(tool.parameters),
    }


def _tell_round(done: ToolRound, model: str) -> list[Mapping[str, object]]:
    said: list[Block] = []
    for result in done.results:
        before = result.call.extra
        if isinstance(before, Preceding) and before.model == model:
            said += before.blocks
        elif not said and done.text.strip():
            said.append({"type": "text", "text": done.text})
        said.append(
            {
                "type": "tool_use",
                "id": result.call.id,
                "name": result.call.name,
                "input": parse_arguments(result.call.arguments),
            }
        )
    results = [
        {
            "type": "tool_result",
            "tool_use_id": result.call.id,
            "content": result.content,
            "is_error": result.failed,
        }
        for result in done.results
    ]
    return [{"role": "assistant", "content": said}, {"role": "user", "content": results}]
