"""OpenAI's Responses API: its request, and its events as texts and tool calls.

https://platform.openai.com/docs/api-reference/responses-streaming
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from agents.prompt import ToolCall
from agents.providers.connections import drain
from agents.providers.failures import report_break, report_cut
from agents.providers.openai_client import OpenAIClient
from agents.providers.openai_failures import require_answer

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator

    from agents.prompt import Model, ModelOptions, Prompt, ToolRound, ToolSpec
    from agents.providers.access import Access

_SPOKEN = {"response.output_text.delta", "response.refusal.delta"}
_ENDS = {"response.completed", "response.incomplete"}
"""An incomplete response met the token limit, or a filter."""
_FAILURES = {"response.failed", "response.cancelled", "error"}


@dataclass(frozen=True, slots=True)
class _Thoughts:
    """What a model thought before a call, encrypted; only that model can make use of it."""

    name: str
    items: tuple[dict[str, Any], ...]


class ResponsesModel:
    """One model behind the Responses API."""

    def __init__(self, client: OpenAIClient, model: str, options: ModelOptions) -> None:
        self.name = client.name
        self._client = client
        # Nothing is kept at OpenAI: the transcript is sent whole with each turn.
        self._request: dict[str, Any] = {"model": model, "stream": True, "store": False}
        if options.temperature is not None:
            self._request["temperature"] = options.temperature
        if options.max_tokens is not None:
            self._request["max_output_tokens"] = options.max_tokens
        if options.reasoning_effort is not None:
            self._request["reasoning"] = {"effort": options.reasoning_effort}

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str | ToolCall, None]:
        """Yield the answer as it comes."""
        thoughts: list[dict[str, Any]] = []
        has_answer = False
        async with self._client.open_stream("/responses", self._ask(prompt)) as events:
            async for event in events:
                kind = event["type"]
                if kind in _SPOKEN:
                    if text := event["delta"]:
                        has_answer = True
                        yield text
                elif kind == "response.output_item.done":
                    if call := self._read_item(event["item"], thoughts):
                        has_answer = True
                        yield call
                elif kind in _ENDS:
                    break
                elif kind in _FAILURES:
                    raise report_break(self.name)
            else:
                raise report_cut(self.name)
            details = event["response"].get("incomplete_details") or {}
            await drain(events)
        require_answer(self.name, details.get("reason"), has_answer=has_answer)

    async def check(self) -> None:
        """See that key and model are accepted."""
        await self._client.check()

    async def aclose(self) -> None:
        """Close the client."""
        await self._client.aclose()

    def _ask(self, prompt: Prompt) -> dict[str, Any]:
        request = {**self._request, "input": list(self._list_input(prompt))}
        if prompt.instructions:
            request["instructions"] = prompt.instructions
        if prompt.tools:
            request["tools"] = [_describe(tool) for tool in prompt.tools]
        return request

    def _list_input(self, prompt: Prompt) -> Iterator[dict[str, Any]]:
        for message in prompt.messages:
            role = "assistant" if message.role == "agent" else "user"
            yield {"role": role, "content": message.content}
        for said in prompt.rounds:
            yield from self._list_round(said)

    def _list_round(self, said: ToolRound) -> Iterator[dict[str, Any]]:
        if said.text:
            yield {"role": "assistant", "content": said.text}
        for result in said.results:
            call = result.call
            if isinstance(call.extra, _Thoughts) and call.extra.name == self.name:
                yield from call.extra.items
            yield {
                "type": "function_call",
                "call_id": call.id,
                "name": call.name,
                "arguments": call.arguments,
            }
        for result in said.results:
            yield {
                "type": "function_call_output",
                "call_id": result.call.id,
                "output": result.content,
            }

    def _read_item(self, item: dict[str, Any], thoughts: list[dict[str, Any]]) -> ToolCall | None:
        """Return the call that an output item is, if it is one; collect what comes before it."""
        if item["type"] == "reasoning" and item.get("encrypted_content"):
            kept = ("type", "id", "summary", "encrypted_content")
            thoughts.append({key: item[key] for key in kept if key in item})
        if item["type"] != "function_call":
            return None
        if item.get("status") == "incomplete":
            require_answer(self.name, "max_output_tokens", has_answer=False)
        extra = _Thoughts(self.name, tuple(thoughts)) if thoughts else None
        thoughts.clear()
        return ToolCall(item["call_id"], item["name"], item["arguments"] or "{}", extra)


def create(name: str, model: str, access: Access, options: ModelOptions) -> Model:
    """Return the model. Raises ModelRefused if the key is missing."""
    client = OpenAIClient(
        name, model, access, key_variable="OPENAI_API_KEY", url_variable="OPENAI_BASE_URL"
    )
    return ResponsesModel(client, model, options)


def _describe(tool: ToolSpec) -> dict[str, Any]:
    # Strict is this API's default, and refuses schemas with optional parameters.
    return {
        "type": "function",
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.parameters,
        "strict": False,
    }
