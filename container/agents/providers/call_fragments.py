"""Tool calls of Chat Completions, put together from the fragments that servers send.

Knows the fragments' JSON and what servers get wrong in it; no HTTP.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from agents.prompt import ToolCall


@dataclass(slots=True)
class _Call:
    id: str
    name: str
    arguments: str = ""

    def is_whole(self) -> bool:
        """Whether the arguments are JSON already."""
        try:
            json.loads(self.arguments)
        except ValueError:
            return False
        return True


class CallFragments:
    """The calls of one answer. False until there is one.

    OpenAI sends a call's index with each fragment, id and name with the first. Others send whole
    calls, all with index 0 or without any, without ids, or with arguments that are an object:
    https://github.com/ollama/ollama/issues/7881
    """

    def __init__(self) -> None:
        self._calls: list[_Call] = []
        self._at: dict[int | None, _Call] = {}

    def __bool__(self) -> bool:
        return bool(self._calls)

    def add(self, fragment: dict[str, Any]) -> None:
        """Take one item of `delta.tool_calls`. Raises LookupError if it continues no call."""
        function = fragment.get("function") or {}
        index, call_id = fragment.get("index"), fragment.get("id")
        call = self._at.get(index)
        if (name := function.get("name")) and _begins(call, call_id):
            call = self._at[index] = _Call(call_id or f"call_{uuid4().hex}", name)
            self._calls.append(call)
        arguments = function.get("arguments") or ""
        if not isinstance(arguments, str):
            arguments = json.dumps(arguments)
        (call or self._calls[-1]).arguments += arguments

    def join(self) -> list[ToolCall]:
        """Return the calls in the order in which they began."""
        return [ToolCall(call.id, call.name, call.arguments or "{}") for call in self._calls]


def _begins(call: _Call | None, call_id: str | None) -> bool:
    """Whether a fragment with a name begins a call, or repeats the name of the one it continues."""
    if call is None:
        return True
    return call_id != call.id if call_id else call.is_whole()
