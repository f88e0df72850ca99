from __future__ import annotations

import asyncio

from local.platform import Platform
from tests.fakes.model_servers.openai_responses import ResponsesWire
from tests.fakes.model_servers.server import Pause, Say, serve_model
from tests.fakes.platform_clients import raw_client
from tests.service.service_process import API_KEY, ServiceProcess

NOTICED_SECONDS = 1.0  # through simulator and service, on a machine that may be busy


async def test_interrupted_answer_hangs_up_on_its_provider() -> None:
    """When the user speaks again, the provider's connection for the old answer is closed."""
    async with serve_model(ResponsesWire) as provider, Platform(api_key=API_KEY) as platform:
        provider.script = lambda _: [Say("Once upon"), Pause()]
        with ServiceProcess(
            SPEECH_ENGINE_MODELS="openai/test-model",
            OPENAI_API_KEY="sk_test_openai",
            OPENAI_BASE_URL=f"{provider.url}/v1",
        ) as service:
            await asyncio.to_thread(service.wait_for, "started")
            async with raw_client(platform, service.address) as user:
                await user.type_text("Tell me a story.")
                await user.next("agent_chat_response_part", 2)
                assert (provider.streaming, provider.hung_up) == (1, 0)
                provider.script = lambda _: [Say("Yes?")]
                await user.type_text("Stop!")
                async with asyncio.timeout(NOTICED_SECONDS):
                    await provider.wait_until(lambda: provider.hung_up == 1)
                answer = await user.next("agent_response", 2)
                assert answer["agent_response_event"]["agent_response"] == "Yes?"
            await asyncio.to_thread(
                service.wait_until, lambda: len(service.events("turn ended")) == 2
            )
            outcomes = [event["outcome"] for event in service.events("turn ended")]
    assert outcomes == ["interrupted", "complete"]
