"""A model of Amazon Bedrock against its server, as an account with keys of its own asks it."""

from __future__ import annotations

from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from agents.prompt import ModelOptions
from agents.providers import bedrock
from agents.providers.access import Access
from tests.agents.providers.conformance import PROMPT, Candidate
from tests.fakes.model_servers.bedrock import BedrockFormat
from tests.fakes.model_servers.server import serve_model

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator

    from agents.prompt import Model, ToolCall

KEY_ID, SECRET, TOKEN = "AKIDTEST", "sk_test_aws_secret", "sk_test_aws_session"


@dataclass(frozen=True)
class Loopback:
    """Transport security for this machine: a server's side, and the file that a client trusts."""

    context: ssl.SSLContext
    authority: str


def make(url: str, model: str = "test-model", **settings: Any) -> Model:
    """A model as the service makes it, without options unless `options` are given."""
    options = settings.pop("options", ModelOptions())
    access = Access(**{"base_url": url, "region": "eu-west-1", **settings})
    return bedrock.create(f"bedrock/{model}", model, access, options)


@asynccontextmanager
async def serve(
    form: type[BedrockFormat] = BedrockFormat, **answer: Any
) -> AsyncIterator[Candidate]:
    async with serve_model(lambda: form(**answer)) as server:
        yield Candidate(server, lambda name, options: make(server.url, name, options=options))


async def listen(model: Model, heard: list[str | ToolCall]) -> None:
    """Collect what comes before a failure too."""
    async with aclosing(model.stream(PROMPT)) as answer:
        async for piece in answer:
            heard.append(piece)  # noqa: PERF401 - the list outlives the failure
