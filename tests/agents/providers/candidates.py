"""The providers' modules, each with its SDK against its wire format, and what they are asked.

What they promise alike stands in `conformance`; it is put to each of `CANDIDATES`.
"""

from __future__ import annotations

from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from agents.prompt import Model, ModelError, ModelOptions, Prompt, ToolCall, ToolSpec
from agents.providers import anthropic, bedrock, gemini, openai_chat, openai_responses
from agents.providers.access import Access
from speech_engine import ConversationMessage
from tests.agents.providers.bedrock_account import TOKEN
from tests.fakes.model_servers.anthropic import AnthropicWire
from tests.fakes.model_servers.bedrock import BedrockFormat
from tests.fakes.model_servers.gemini import GeminiWire
from tests.fakes.model_servers.openai_chat import ChatWire
from tests.fakes.model_servers.openai_responses import ResponsesWire
from tests.fakes.model_servers.server import ModelServer, serve_model

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager

    from tests.fakes.model_servers.server import Step, WireFormat

    Serving = AbstractAsyncContextManager["Candidate"]

KEY = "sk_test_provider"
WEATHER = ToolSpec(
    "weather",
    "The weather of a city.",
    {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
)
PROMPT = Prompt(
    instructions="Be brief.",
    messages=(ConversationMessage("user", "Hi"),),
)
TALK = Prompt(
    instructions="Be brief.",
    messages=(
        ConversationMessage("user", "Hi"),
        ConversationMessage("agent", "Hello!"),
        ConversationMessage("user", "Weather?"),
    ),
    tools=(WEATHER,),
)


@dataclass(frozen=True)
class Candidate:
    """A provider's module against its server: makes a model with that name and those options."""

    server: ModelServer
    make: Callable[[str, ModelOptions], Model]
    key: str
    model: str = "test-model"

    def open(self, model: str | None = None) -> Model:
        """One client for the test; close it."""
        return self.make(model or self.model, ModelOptions(temperature=0.2, max_tokens=200))

    async def ask(self, prompt: Prompt = PROMPT) -> list[str | ToolCall]:
        """The whole answer of a client of its own."""
        async with aclosing(self.open()) as model:
            return await collect(model, prompt)

    async def fail(self, prompt: Prompt = PROMPT) -> ModelError:
        """The error that there is in the place of an answer."""
        with pytest.raises(ModelError) as caught:
            await self.ask(prompt)
        return caught.value

    async def send(self, options: ModelOptions, name: str | None = None) -> dict[str, Any]:
        """The body of a request without instructions, from a model with those options."""
        async with aclosing(self.make(name or self.model, options)) as model:
            await collect(model, replace(PROMPT, instructions=""))
        return self.server.requests[-1].body


async def collect(model: Model, prompt: Prompt = PROMPT) -> list[str | ToolCall]:
    """The whole answer."""
    heard: list[str | ToolCall] = []
    await listen(model, heard, prompt)
    return heard


async def listen(model: Model, heard: list[str | ToolCall], prompt: Prompt = PROMPT) -> None:
    """Put the answer into `heard` as it comes: what came before a failure counts."""
    async with aclosing(model.stream(prompt)) as answer:
        async for piece in answer:
            heard.append(piece)  # noqa: PERF401 - the list outlives the failure


def serve_anthropic(**wire: Any) -> Serving:
    return _serve(anthropic, "anthropic", partial(AnthropicWire, **wire))


def serve_gemini(**wire: Any) -> Serving:
    return _serve(gemini, "gemini", partial(GeminiWire, **wire))


def serve_openai_chat(*steps: Step, key: str | None = KEY) -> Serving:
    return _serve(openai_chat, "openai_chat", ChatWire, *steps, path="/v1", key=key)


def serve_openai_responses(*steps: Step) -> Serving:
    return _serve(openai_responses, "openai", ResponsesWire, *steps, path="/v1")


def serve_bedrock(form: type[BedrockFormat] = BedrockFormat, **answer: Any) -> Serving:
    """Its keys are those of the environment."""
    return _serve(bedrock, "bedrock", partial(form, **answer), key=None, secret=TOKEN)


@asynccontextmanager
async def _serve(
    module: Any,
    provider: str,
    new_wire: Callable[[], WireFormat],
    *steps: Step,
    path: str = "",
    key: str | None = KEY,
    secret: str = KEY,
) -> AsyncIterator[Candidate]:
    async with serve_model(new_wire) as server:
        server.key = key
        if steps:
            server.script = lambda _: steps
        access = Access(api_key=key, base_url=f"{server.url}{path}", region="eu-west-1")

        def make(name: str, options: ModelOptions) -> Model:
            model: Model = module.create(f"{provider}/{name}", name, access, options)
            return model

        yield Candidate(server, make, secret)


CANDIDATES: dict[str, Callable[[], Serving]] = {
    "anthropic": serve_anthropic,
    "bedrock": serve_bedrock,
    "gemini": serve_gemini,
    "openai_chat": serve_openai_chat,
    "openai_responses": serve_openai_responses,
}
