"""Chat Completions, as OpenAI and every compatible server speak it: request, chunks, calls.

It asks for nothing that only OpenAI has. https://platform.openai.com/docs/api-reference/chat
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from agents.providers.call_fragments import CallFragments
from agents.providers.connections import drain
from agents.providers.failures import report_cut
from agents.providers.openai_client import OFFICIAL_URL, OpenAIClient
from agents.providers.openai_failures import require_answer

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator

    from agents.prompt import Model, ModelOptions, Prompt, ToolCall, ToolRound, ToolSpec
    from agents.providers.access import Access

_RENAMED_LIMIT_HOSTS = ("api.openai.com", ".openai.azure.com")
"""Their newer models refuse `max_tokens`; many other servers know nothing else.

https://platform.openai.com/docs/api-reference/chat/create
"""


class ChatModel:
    """One model behind Chat Completions."""

    def __init__(
        self, client: OpenAIClient, model: str, access: Access, options: ModelOptions
    ) -> None:
        self.name = client.name
        self._client = client
        self._request: dict[str, Any] = {"model": model, "stream": True}
        if options.temperature is not None:
            self._request["temperature"] = options.temperature
        if options.max_tokens is not None:
            self._request[name_limit(access)] = options.max_tokens
        if options.reasoning_effort is not None:
            self._request["reasoning_effort"] = options.reasoning_effort

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str | ToolCall, None]:
        """Yield the answer as it comes; calls when it has ended, for their ends are not marked."""
        calls = CallFragments()
        has_spoken = False
        async with self._client.open_stream("/chat/completions", self._ask(prompt)) as events:
            async for event in events:
                if not (choices := event.get("choices")):
                    continue  # Token counts, or Azure's verdict on the prompt.
                delta = choices[0].get("delta") or {}
                text = delta.get("content") or delta.get("refusal")
                if text and isinstance(text, str):  # Mistral's thoughts are no text but a list.
                    has_spoken = True
                    yield text
                for fragment in delta.get("tool_calls") or ():
                    calls.add(fragment)
                if reason := choices[0].get("finish_reason"):
                    break
            else:
                # Each server gives a reason; without one the connection was cut.
                raise report_cut(self.name)
            await drain(events)
        # The last call of an answer that met its limit is not whole.
        has_answer = reason != "length" if calls else has_spoken
        require_answer(self.name, reason, has_answer=has_answer)
        # "stop" and the like: many servers end an answer with calls so.
        for call in calls.join():
            yield call

    async def check(self) -> None:
        """See that key and model are accepted, as far as the server can tell."""
        await self._client.check()

    async def aclose(self) -> None:
        """Close the client."""
        await self._client.aclose()

    def _ask(self, prompt: Prompt) -> dict[str, Any]:
        request = {**self._request, "messages": list(_list_messages(prompt))}
        if prompt.tools:
            request["tools"] = [_describe(tool) for tool in prompt.tools]
        return request


def create(name: str, model: str, access: Access, options: ModelOptions) -> Model:
    """Return the model. Raises ModelRefused if the key of the official API is missing."""
    client = OpenAIClient(
        name,
        model,
        access,
        key_variable="OPENAI_CHAT_API_KEY or OPENAI_API_KEY",
        url_variable="OPENAI_CHAT_BASE_URL",
    )
    return ChatModel(client, model, access, options)


def name_limit(access: Access) -> str:
    """Return the name of the token limit in a request to that server."""
    host = urlsplit(access.base_url or OFFICIAL_URL).hostname or ""
    return "max_completion_tokens" if host.endswith(_RENAMED_LIMIT_HOSTS) else "max_tokens"


def _list_messages(prompt: Prompt) -> Iterator[dict[str, Any]]:
    if prompt.instructions:
        yield {"role": "system", "content": prompt.instructions}
    for message in prompt.messages:
        role = "assistant" if message.role == "agent" else "user"
        yield {"role": role, "content": message.content}
    for said in prompt.rounds:
        yield from _list_round(said)


def _list_round(said: ToolRound) -> Iterator[dict[str, Any]]:
    calls = [
        {
            "id": result.call.id,
            "type": "function",
            "function": {"name": result.call.name, "arguments": result.call.arguments},
        }
        for result in said.results
    ]
    yield {"role": "assistant", "content": said.text or None, "tool_calls": calls}
    for result in said.results:
        yield {"role": "tool", "tool_call_id": result.call.id, "content": result.content}


def _describe(tool: ToolSpec) -> dict[str, Any]:
    return {
        "type": "function",
        "function": {
            "name": tool.name,
            "description": tool.description,
            "parameters": tool.parameters,
        },
    }
