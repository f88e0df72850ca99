from __future__ import annotations

import asyncio
import os
import time
from contextlib import AsyncExitStack
from functools import partial
from typing import TYPE_CHECKING

from local.platform import Platform
from tests.fakes.model_servers.anthropic import AnthropicWire
from tests.fakes.model_servers.bedrock import BedrockFormat
from tests.fakes.model_servers.gemini import GeminiWire
from tests.fakes.model_servers.openai_chat import ChatWire
from tests.fakes.model_servers.openai_responses import ResponsesWire
from tests.fakes.model_servers.server import ModelServer, Pause, Refuse, Say, serve_model
from tests.fakes.platform_certificates import make_contexts
from tests.fakes.platform_clients import raw_client
from tests.fakes.platform_waiting import until
from tests.service.service_process import API_KEY, ServiceProcess

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.fakes.model_servers.server import Request, Step, WireFormat
    from tests.fakes.platform_clients import RawClient

NOTICED_SECONDS = 1.0  # through simulator and service, on a machine that may be busy
GIVE_UP_SECONDS = 5.0

WIRES: dict[str, Callable[[], WireFormat]] = {
    "openai": ResponsesWire,
    "openai_chat": ChatWire,
    "anthropic": AnthropicWire,
    "gemini": GeminiWire,
    "bedrock": BedrockFormat,
}


def start_service(providers: dict[str, ModelServer], certificate: str) -> ServiceProcess:
    """A service that asks all of them, in this order, and reads no other certificate."""
    return ServiceProcess(
        SPEECH_ENGINE_MODELS=",".join(f"{name}/test-model" for name in providers),
        OPENAI_API_KEY="sk_test_openai",
        OPENAI_BASE_URL=f"{providers['openai'].url}/v1",
        OPENAI_CHAT_BASE_URL=f"{providers['openai_chat'].url}/v1",
        ANTHROPIC_API_KEY="sk_test_anthropic",
        ANTHROPIC_BASE_URL=providers["anthropic"].url,
        GEMINI_API_KEY="sk_test_gemini",
        GEMINI_BASE_URL=providers["gemini"].url,
        AWS_ENDPOINT_URL_BEDROCK_RUNTIME=providers["bedrock"].url,
        AWS_REGION="eu-west-1",
        AWS_ACCESS_KEY_ID="AKIDTEST",
        AWS_SECRET_ACCESS_KEY="sk_test_aws_secret",
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
        AWS_EC2_METADATA_DISABLED="true",
        AWS_CA_BUNDLE=certificate,
        SSL_CERT_FILE=certificate,
    )


def has_heard(user: RawClient, text: str) -> bool:
    """Whether a piece of an answer with that text has come."""
    parts = [part["text_response_part"] for part in user.all("agent_chat_response_part")]
    return any(part["text"] == text for part in parts)


def begin_to_say(text: str, _: Request) -> list[Step]:
    """The script of a provider that says something and does not come to an end."""
    return [Say(text), Pause()]


async def interrupt_each(user: RawClient, providers: dict[str, ModelServer]) -> dict[str, float]:
    """Cut off one answer of each; returns the seconds until its connection was closed.

    Who was interrupted fails in the next turn, so that the one behind it answers.
    """
    waited_seconds = {}
    for name, provider in providers.items():
        await until(lambda name=name: has_heard(user, name))  # type: ignore[misc]
        assert (provider.streaming, provider.hung_up) == (1, 0)
        provider.script = lambda _: [Refuse(503)]
        began_at = time.monotonic()
        await user.type_text("Stop!")
        async with asyncio.timeout(GIVE_UP_SECONDS):
            await provider.wait_until(lambda provider=provider: provider.hung_up == 1)  # type: ignore[misc]
        waited_seconds[name] = time.monotonic() - began_at
    return waited_seconds


async def test_interrupted_answer_hangs_up_on_its_provider(tmp_path: Path) -> None:
    """When the user speaks again, the connection for the old answer is closed, at all five."""
    make_contexts(tmp_path)
    async with AsyncExitStack() as stack:
        providers = {n: await stack.enter_async_context(serve_model(w)) for n, w in WIRES.items()}
        platform = await stack.enter_async_context(Platform(api_key=API_KEY))
        certificate = str(tmp_path / "certificate.pem")
        service = stack.enter_context(start_service(providers, certificate))
        await asyncio.to_thread(service.wait_for, "started")
        for name, provider in providers.items():
            provider.script = partial(begin_to_say, name)
        async with raw_client(platform, service.address) as user:
            await user.type_text("Tell me a story.")
            waited_seconds = await interrupt_each(user, providers)
        await asyncio.to_thread(service.wait_for, "conversation ended")
        ended = [(event["outcome"], event.get("model")) for event in service.events("turn ended")]
    assert max(waited_seconds.values()) <= NOTICED_SECONDS, waited_seconds
    assert ended[: len(WIRES)] == [("interrupted", f"{name}/test-model") for name in WIRES]
