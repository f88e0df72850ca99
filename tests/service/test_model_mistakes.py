from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.fakes.model_servers.openai_chat import ChatWire
from tests.fakes.model_servers.openai_responses import ResponsesWire
from tests.fakes.model_servers.server import serve_model
from tests.service.service_process import API_KEY, ServiceProcess, run_service

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

# Runs before anything else in the process, as if the package had never been installed.
WITHOUT_OPENAI = """
import sys
sys.modules["openai"] = None
"""


def line_of(ended: subprocess.CompletedProcess[str]) -> str:
    """The one line that a service says which its settings stop."""
    assert ended.returncode == 2, ended
    (line,) = ended.stderr.splitlines()
    return line


@pytest.mark.parametrize(
    ("models", "complaint"),
    [
        ("openia/gpt-5.4-mini", "has the unknown provider 'openia'; did you mean openai?"),
        ("openai", "has no model for openai; name one: openai/gpt-5.4-mini"),
        ("openai/gpt-5.4-mini", "OPENAI_API_KEY is missing; openai/gpt-5.4-mini is asked with it"),
    ],
)
def test_service_tells_models_that_can_not_be(models: str, complaint: str) -> None:
    """A provider that nobody knows, or one without model or key, is a line and exit code 2."""
    ended = run_service(ELEVENLABS_API_KEY=API_KEY, SPEECH_ENGINE_MODELS=models)
    assert complaint in line_of(ended)
    assert ended.stdout == ""


def test_service_tells_packages_that_are_missing(tmp_path: Path) -> None:
    """A model whose provider's packages were left out is a line that says how to get them."""
    (tmp_path / "sitecustomize.py").write_text(WITHOUT_OPENAI)
    ended = run_service(
        tmp_path,
        ELEVENLABS_API_KEY=API_KEY,
        SPEECH_ENGINE_MODELS="openai/gpt-5.4-mini",
        OPENAI_API_KEY="sk_test_openai",
    )
    assert line_of(ended).startswith(
        "service: openai/gpt-5.4-mini needs packages that are not here (openai): "
    )


async def test_service_tells_a_model_that_its_provider_lacks() -> None:
    """What the provider does not have is noticed at start, not when somebody calls."""
    async with serve_model(ResponsesWire) as server:
        start = partial(
            run_service,
            ELEVENLABS_API_KEY=API_KEY,
            SPEECH_ENGINE_MODELS="openai/no-such-model",
            OPENAI_API_KEY="sk_test_openai",
            OPENAI_BASE_URL=f"{server.url}/v1",
        )
        line = line_of(await asyncio.to_thread(start))
    assert line.startswith("service: openai/no-such-model")


async def test_service_starts_while_one_model_is_left() -> None:
    """A refused model of two is told in the log, and the service answers with the other."""
    async with serve_model(ChatWire) as server:
        with ServiceProcess(
            SPEECH_ENGINE_MODELS="openai_chat/no-such-model,echo",
            OPENAI_CHAT_BASE_URL=f"{server.url}/v1",
        ) as service:
            await asyncio.to_thread(service.wait_for, "started")
            (refused,) = service.events("model refused")
    assert refused["model"] == "openai_chat/no-such-model"
    assert refused["level"] == "error"
