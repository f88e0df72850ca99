"""`make dev` as a developer meets it: one terminal, an edit, Ctrl-C."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import socket
import time
from typing import TYPE_CHECKING

import httpx
import pytest
from websockets.sync.client import connect

from local.platform import Platform
from tests.fakes.dynamo import CREDENTIALS, REGION, TABLE
from tests.fakes.platform_node import require_node
from tests.local.dev.dev_process import ECHO, DevProcess
from tests.service.logged_process import WAIT_SECONDS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

ANSWER = "async def on_transcript(transcript, session):\n    await session.send_response({!r})\n"
KEY = "sk_test_dev_platform"
TELLS_KEYS = """
from os import environ

async def on_transcript(transcript, session, assistant):
    keys = [environ[name] == f"sk_test_{value}" for name, value in
            [("OPENAI_API_KEY", "models"), ("ELEVENLABS_API_KEY", "precious")]]
    await session.send_response(" ".join(map(str, [environ["SPEECH_ENGINE_MODELS"], *keys])))
"""


def ask(state: dict[str, str], text: str = "hello") -> str:
    """Hold a short text conversation with the platform, as any client does."""
    address = state["base_url"].replace("http", "ws", 1)
    url = f"{address}/v1/convai/conversation?agent_id={state['engine_id']}"
    first = {
        "type": "conversation_initiation_client_data",
        "conversation_config_override": {"text_only": True},
    }
    with connect(url) as client:
        client.send(json.dumps(first))
        client.send(json.dumps({"type": "user_message", "text": text}))
        while True:
            event = json.loads(client.recv(timeout=WAIT_SECONDS))
            if event["type"] == "agent_response":
                return str(event["agent_response_event"]["agent_response"])


def can_listen(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def has_engine(platform: Platform, engine_id: str) -> bool:
    with contextlib.suppress(KeyError):
        platform.workspace.engines.get(engine_id)
        return True
    return False


def test_dev_holds_a_conversation_without_keys(tmp_path: Path) -> None:
    """With nothing but the checkout, an engine is there and the agent answers through it."""
    with DevProcess(tmp_path) as dev:
        state = dev.wait_until_ready()
        assert (dev.row("platform"), dev.row("engine")) == (state["base_url"], state["engine_id"])
        assert dev.row("server").startswith("ws://127.0.0.1:")
        assert ask(state, "good morning").strip() == "You said: good morning"
        assert dev.wait_for_line(" user   ").endswith(" good morning")
        assert " agent  You said:" in dev.wait_for_line("You said: good morning")
        dev.wait_for_line("conversation ended")


def test_dev_serves_the_page_with_signed_urls(tmp_path: Path) -> None:
    """The page's own address gives its files and a signed URL, and never the key."""
    require_node()
    with DevProcess(tmp_path) as dev, httpx.Client(trust_env=False) as client:
        state = dev.wait_until_ready()
        url = dev.row("page")
        page, config = client.get(url, timeout=WAIT_SECONDS), client.get(f"{url}/config.json")
        signed = client.get(f"{url}{config.json()['signedUrlPath']}").json()["signedUrl"]
        assert "<title>" in page.text
        assert signed.startswith(state["base_url"].replace("http", "ws", 1))
        assert "sk_" not in page.text + config.text + signed


def test_dev_ignores_the_key_and_settings_of_the_developer(tmp_path: Path) -> None:
    """Against the simulator a throwaway key is used: the developer's own goes nowhere."""
    environ = {"ELEVENLABS_API_KEY": "sk_test_precious", "SPEECH_ENGINE_LOG_FORMAT": "text"}
    with DevProcess(tmp_path, variables=environ) as dev:
        assert ask(dev.wait_until_ready(), "hi").strip() == "You said: hi"
        assert "sk_" not in "".join(dev.lines)
        assert "sk_" not in dev.state_file.read_text()


def test_dev_passes_models_and_their_keys_on(tmp_path: Path) -> None:
    """What the developer exports for models reaches the server; the summary names the models."""
    environ = {
        "SPEECH_ENGINE_MODELS": "echo",
        "OPENAI_API_KEY": "sk_test_models",
        "ELEVENLABS_API_KEY": "sk_test_precious",
    }
    with DevProcess(tmp_path, TELLS_KEYS, environ) as dev:
        answer = ask(dev.wait_until_ready())
        assert answer.strip() == "echo True False"
        assert dev.row("models").startswith("echo")
        assert dev.row("agent").startswith(str(dev.agent_file))
        assert "sk_" not in "".join(dev.lines + dev.errors)


def test_dev_tells_that_a_model_has_no_key(tmp_path: Path) -> None:
    """A model that can't be asked is one readable line above a summary that says so."""
    environ = {"SPEECH_ENGINE_MODELS": "openai/test-model", "OPENAI_API_KEY": ""}
    with DevProcess(tmp_path, variables=environ) as dev:
        dev.wait_until_ready()
        refusal = dev.wait_for_line("server service: ")
        assert "OPENAI_API_KEY is missing; openai/test-model is asked with it" in refusal
        dev.wait_for_line("server ended (2)")
        assert dev.row("models") == "none"
        assert not any("Traceback" in line for line in dev.lines)


def test_dev_starts_the_server_again_at_an_edit(tmp_path: Path) -> None:
    """A saved edit answers the next conversation, at the same address and engine."""
    with DevProcess(tmp_path, ANSWER.format("before")) as dev:
        state = dev.wait_until_ready()
        assert ask(state).strip() == "before"
        dev.edit(ANSWER.format("after the edit"))
        begun = time.monotonic()
        dev.wait_for_line("edited: agent.py")
        dev.wait_until(lambda: sum("started  address" in line for line in dev.lines) == 2)
        assert time.monotonic() - begun < 10
        assert ask(state).strip() == "after the edit"


def test_dev_waits_out_a_syntax_error(tmp_path: Path) -> None:
    """A broken edit is one readable line; the next good one brings the server back."""
    with DevProcess(tmp_path, ANSWER.format("before")) as dev:
        state = dev.wait_until_ready()
        dev.edit("async def on_transcript(\n")
        dev.wait_for_line("has a syntax error: agent.py line 1")
        dev.wait_for_line("waiting for the next edit")
        dev.edit(ANSWER.format("mended"))
        dev.wait_until(lambda: sum("started  address" in line for line in dev.lines) == 2)
        assert ask(state).strip() == "mended"
        assert not any("Traceback" in line for line in dev.lines)


def test_dev_starts_with_a_broken_agent(tmp_path: Path) -> None:
    """An agent that is broken from the start is told, and mended without a new start."""
    with DevProcess(tmp_path, "import no_such_library\n") as dev:
        state = dev.wait_until_ready()
        dev.wait_for_line("No module named 'no_such_library'")
        dev.edit(ANSWER.format("mended"))
        dev.wait_for_line("started  address")
        assert ask(state).strip() == "mended"


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_dev_leaves_nothing_behind(tmp_path: Path, name: str) -> None:
    """However it is ended, ports, child and state file are gone, and the code is 0."""
    with DevProcess(tmp_path) as dev:
        state = dev.wait_until_ready()
        ports = [int(url.split(":")[2].partition("/")[0]) for url in (dev.row("server"),)]
        ports.append(int(state["base_url"].split(":")[2]))
        dev.send_signal(signal.Signals[name])
        assert dev.wait() == 0
        assert not dev.state_file.exists()
        assert all(can_listen(port) for port in ports)
        assert dev.errors == []
        assert not any("Traceback" in line for line in dev.lines)


def test_dev_lets_the_server_print_what_it_could_not_write(tmp_path: Path) -> None:
    """Without its table, the transcripts of the run are in the log when it has ended."""
    nowhere = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_REGION": REGION, **CREDENTIALS}
    variables = {"SPEECH_ENGINE_TRANSCRIPT_TABLE": TABLE, **nowhere}
    with DevProcess(tmp_path, variables=variables) as dev:
        ask(dev.wait_until_ready())
        dev.send_signal(signal.SIGINT)
        assert dev.wait() == 0
        assert sum("transcript not written" in line for line in dev.lines) == 3


def test_dev_ends_a_server_at_work_when_told_twice(tmp_path: Path) -> None:
    """A server that takes its time is told of, and a second Ctrl-C ends it and nothing else."""
    deaf = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    with DevProcess(tmp_path, deaf + ECHO) as dev:
        dev.wait_until_ready()
        dev.send_signal(signal.SIGINT)
        dev.wait_for_line("Ctrl-C again ends it at once")
        begun = time.monotonic()
        dev.send_signal(signal.SIGINT)
        assert dev.wait() == 0
        assert time.monotonic() - begun < 5
        assert "nothing is left running" in dev.lines[-1]
        assert dev.errors == []


@pytest.mark.parametrize("variable", ["PORT", "SIMULATOR_PORT", "PAGE_PORT"])
def test_dev_tells_a_port_in_use(tmp_path: Path, variable: str) -> None:
    """A port that is taken is one line with the way out, before anything is started."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with DevProcess(tmp_path, variables={variable: port}) as dev:
            assert dev.wait() == 1
    (line,) = dev.errors
    assert line.startswith(f"make dev: port {port} can't be used: Address already in use;")
    assert f"make dev {variable}=<port>" in line
    assert dev.lines == []


@pytest.mark.parametrize(
    ("environ", "reason"),
    [
        ({"PUBLIC_WS_URL": "wss://x.example/ws"}, "PUBLIC_WS_URL needs ELEVENLABS_API_KEY"),
        ({"PUBLIC_WS_URL": "ws://x.example", "ELEVENLABS_API_KEY": "sk_test_x"}, "wss://"),
        ({"PORT": "many"}, "PORT is 'many'"),
    ],
)
def test_dev_tells_wrong_options(tmp_path: Path, environ: dict[str, str], reason: str) -> None:
    """What can't be used is one line, and nothing is started."""
    with DevProcess(tmp_path, variables=environ) as dev:
        assert dev.wait() == 1
    (line,) = dev.errors
    assert reason in line


@contextlib.asynccontextmanager
async def dev_on_platform(
    folder: Path, api_key: str = KEY
) -> AsyncIterator[tuple[Platform, DevProcess]]:
    """`make dev` behind a tunnel, with the simulator in the real platform's place."""
    async with Platform(api_key=KEY) as platform:
        environ = {
            "PUBLIC_WS_URL": "wss://tunnel.example/talk",
            "ELEVENLABS_API_KEY": api_key,
            "ELEVENLABS_BASE_URL": platform.url,
        }
        dev = DevProcess(folder, variables=environ)
        try:
            yield platform, dev
        finally:
            await asyncio.to_thread(dev.__exit__)


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
async def test_dev_makes_a_throwaway_engine(tmp_path: Path, name: str) -> None:
    """On the real platform an engine leads to the tunnel, asks for a key, and goes at the end."""
    async with dev_on_platform(tmp_path) as (platform, dev):
        state = await asyncio.to_thread(dev.wait_until_ready)
        engine = platform.workspace.engines.get(state["engine_id"])
        assert engine.settings.speech_engine.ws_url == "wss://tunnel.example/talk"
        assert engine.settings.auth.enable_auth
        assert state["requires_auth"]
        assert dev.row("server").endswith("/talk")
        assert dev.row("tunnel") == "wss://tunnel.example/talk"
        server = dev.row("server")
        async with platform.dial(server) as upstream:
            assert upstream.conversation_id
        dev.send_signal(signal.Signals[name])
        assert await asyncio.to_thread(dev.wait) == 0
        assert not has_engine(platform, state["engine_id"])
        assert KEY not in "".join(dev.lines + dev.errors)


async def test_dev_tells_a_refused_key(tmp_path: Path) -> None:
    """A key that the platform refuses is one line."""
    async with dev_on_platform(tmp_path, api_key="sk_test_wrong") as (platform, dev):
        assert await asyncio.to_thread(dev.wait) == 1
        (line,) = dev.errors
        assert f"{platform.url} refused ELEVENLABS_API_KEY (401 " in line
        assert "sk_test" not in line


async def test_dev_tells_when_the_engine_is_still_there(tmp_path: Path) -> None:
    """If the platform can't be reached at the end, the way to delete the engine is shown."""
    async with dev_on_platform(tmp_path) as (platform, dev):
        state = await asyncio.to_thread(dev.wait_until_ready)
        await platform.stop()
        dev.send_signal(signal.SIGINT)
        assert await asyncio.to_thread(dev.wait) == 1
        (line,) = dev.errors
        assert f"the throwaway engine {state['engine_id']} is NOT deleted" in line
        assert f"/v1/speech-engine/{state['engine_id']}" in line
