"""The image from its Dockerfile, run as a task runs it: few rights, little memory, a quarter core.

Where no registry is reached its base is Debian's Python, not the official image; see
`tests.fakes.debian_python`.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sys
import time
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from local.platform import Platform
from tests.fakes.docker_engine import docker_engine, why_no_engine
from tests.fakes.dynamo import CREDENTIALS, REGION, TABLE, dynamo, endpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.fakes.docker_engine import DockerEngine

pytestmark = pytest.mark.long

ROOT = Path(__file__).resolve().parents[2]
API_KEY = "sk_test_image"
TAG = "speech-engine:test"
# One provider of models, which shares packages with the rest; all others stay out.
MODEL_PACKAGES = "bedrock"
LOCKED = r"(?m)^([a-z0-9-]+)=="
PORT = 3001
WAIT_SECONDS = 20.0
HARDENED = (
    "--read-only",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    "--memory=512m",
    "--memory-swap=512m",
    "--pids-limit=256",
    "--cpus=0.25",
)
# What the image holds, as it sees itself: printed by the program, read by the tests.
LOOK_AROUND = """
import json, os, sys, importlib.util, importlib.metadata, email, json.decoder
from pathlib import Path
import aiobotocore.session, boto3, uvloop, service.main, agents.echo
modules = (email, json.decoder, aiobotocore.session, boto3, service.main, agents.echo)
cached = [m for m in modules if m.__cached__]
writable = [str(p) for top in ("/app", "/packages", "/etc") for p in Path(top).rglob("*")
            if not p.is_symlink() and os.access(p, os.W_OK)]
print(json.dumps({
    "user": os.getuid(), "group": os.getgid(),
    "packages": sorted(d.name.lower().replace("_", "-")
                       for d in importlib.metadata.distributions()),
    "pip": importlib.util.find_spec("pip") is not None,
    "uncompiled": [m.__name__ for m in cached if not Path(m.__cached__).exists()],
    "compiled": len(cached),
    "app": sorted(p.name for p in Path("/app").iterdir() if p.name != "__pycache__"),
    "writable": writable,
}))
"""


@pytest.fixture(scope="module")
def engine() -> Iterator[DockerEngine]:
    """A Docker engine that has built the image."""
    reason = why_no_engine()
    if reason is not None:
        pytest.skip(reason)
    with docker_engine() as running:
        file = ROOT / "container" / "Dockerfile"
        chosen = ("--build-arg", f"MODEL_PACKAGES={MODEL_PACKAGES}")
        flags = (*running.build_flags, *chosen, "--tag", TAG, "--file", str(file))
        running.run("build", *flags, str(ROOT))
        yield running


@pytest.fixture(scope="module")
def contents(engine: DockerEngine) -> dict[str, Any]:
    """What a program inside the image finds."""
    output = engine.run("run", "--rm", *HARDENED[:-1], TAG, "python", "-c", LOOK_AROUND)
    found: dict[str, Any] = json.loads(output)
    return found


class Container:
    """A running service; its address is its own on the engine's bridge."""

    def __init__(self, engine: DockerEngine, name: str) -> None:
        self._engine = engine
        self.name = name
        state = self._inspect()
        self.address = str(state["NetworkSettings"]["Networks"]["bridge"]["IPAddress"])
        self.process_id = int(state["State"]["Pid"])

    def _inspect(self) -> dict[str, Any]:
        state: dict[str, Any] = json.loads(self._engine.run("inspect", self.name))[0]
        return state

    def status(self, path: str) -> int:
        """The HTTP status of a GET; raises OSError while nothing listens."""
        with socket.create_connection((self.address, PORT), 2) as connection:
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
            return int(connection.recv(64).split()[1])

    def used_cpu_seconds(self) -> float:
        """What its first process has used so far."""
        fields = Path(f"/proc/{self.process_id}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def catches_sigterm(self) -> bool:
        """Whether the first process has set its signal handlers."""
        status = Path(f"/proc/{self.process_id}/status").read_text()
        caught = int(status.partition("SigCgt:")[2].split()[0], 16)
        return bool(caught & 1 << signal.SIGTERM - 1)

    def wait_until_ready(self) -> None:
        """Wait for the first accepted connection."""
        wait_for(lambda: self.status("/readyz") == 200)

    def terminate(self) -> float:
        """Send SIGTERM and wait for the end; returns the seconds that it took."""
        begin = time.monotonic()
        self._engine.run("kill", "--signal=TERM", self.name)
        assert self._engine.run("wait", self.name, seconds=WAIT_SECONDS) == "0"
        return time.monotonic() - begin

    def events(self) -> list[str]:
        """The events in its log."""
        return [
            json.loads(line)["event"] for line in self._engine.run("logs", self.name).splitlines()
        ]

    def run(self, *command: str) -> str:
        """Run a program beside the service."""
        return self._engine.run("exec", self.name, *command)


def wait_for(condition: Callable[[], bool]) -> None:
    """Look again and again; a refused connection means not yet."""
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            if condition():
                return
        except OSError:
            pass
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.01)


@contextmanager
def running(engine: DockerEngine, *options: str) -> Iterator[Container]:
    name = f"service-{uuid.uuid4().hex[:8]}"
    settings = (f"--env=ELEVENLABS_API_KEY={API_KEY}", "--env=SPEECH_ENGINE_AGENT=echo")
    engine.run("run", "--detach", "--name", name, *HARDENED, *settings, *options, TAG)
    try:
        yield Container(engine, name)
    finally:
        engine.run("rm", "--force", name)


def transcript_options(address: str) -> list[str]:
    variables = {
        **CREDENTIALS,
        "AWS_REGION": REGION,
        "AWS_ENDPOINT_URL": address,
        "SPEECH_ENGINE_TRANSCRIPT_TABLE": TABLE,
    }
    return [f"--env={name}={value}" for name, value in variables.items()]


def test_image_has_nothing_but_what_the_server_needs(contents: dict[str, Any]) -> None:
    """Of packages the image has those that its lock files name for it, each once, and no pip.

    Of the project it has its own part.
    """
    files = [ROOT / "requirements" / f"{name}.txt" for name in ("container", MODEL_PACKAGES)]
    locked = {name for file in files for name in re.findall(LOCKED, file.read_text())}
    assert contents["packages"] == sorted(locked)
    assert not contents["pip"]
    source = {path.name for path in (ROOT / "container").iterdir()}
    assert set(contents["app"]) == source - {"Dockerfile", "__pycache__"}


def test_image_is_compiled(contents: dict[str, Any]) -> None:
    """The standard library, the packages and the project all come with their bytecode."""
    assert contents["compiled"] == 6
    assert contents["uncompiled"] == []


def test_image_has_no_rights(contents: dict[str, Any]) -> None:
    """The server is nobody: not root, and not the owner of any file."""
    assert contents["user"] == contents["group"] == 10001
    assert contents["writable"] == []


def test_image_says_how_to_run_it(engine: DockerEngine) -> None:
    """User, command, signal, port and health check are in the image, and no key is."""
    config = json.loads(engine.run("image", "inspect", TAG))[0]["Config"]
    assert config["User"] == "10001:10001"
    assert config["Cmd"] == ["python", "-m", "service"]
    assert not config["Entrypoint"]
    assert config["StopSignal"] == "SIGTERM"
    assert list(config["ExposedPorts"]) == [f"{PORT}/tcp"]
    assert config["Healthcheck"]["Test"] == ["CMD", "python", "-m", "service.health"]
    assert config["Labels"]["org.opencontainers.image.licenses"] == "MIT"
    assert not any("KEY" in variable or "SECRET" in variable for variable in config["Env"])


async def test_image_holds_a_conversation(engine: DockerEngine) -> None:
    """With next to no rights and a quarter of a core it is healthy, answers, and writes it down."""
    with (
        dynamo() as table,
        endpoint(table, engine.gateway) as address,
        running(engine, *transcript_options(address)) as container,
    ):
        container.wait_until_ready()
        assert container.run("python", "-m", "service.health") == ""
        url = f"ws://{container.address}:{PORT}/ws"
        async with (
            Platform(api_key=API_KEY) as platform,
            platform.dial(url, conversation_id="conv_image") as upstream,
        ):
            turn = await upstream.say("hello")
            assert "hello" in await turn.answer()
        wait_for(lambda: "conversation ended" in container.events())
        container.terminate()
        assert table.scan(TableName=TABLE)["Count"] == 3
        assert "transcripts wait" not in container.events()


async def test_image_lets_a_conversation_finish(engine: DockerEngine) -> None:
    """After SIGTERM it takes nobody in, and ends when the conversation that was there has ended."""
    with running(engine) as container:
        container.wait_until_ready()
        url = f"ws://{container.address}:{PORT}/ws"
        async with Platform(api_key=API_KEY) as platform, platform.dial(url) as upstream:
            engine.run("kill", "--signal=TERM", container.name)
            wait_for(lambda: container.status("/readyz") == 503)
            assert container.status("/healthz") == 200
            turn = await upstream.say("still there?")
            assert await turn.answer()
        assert engine.run("wait", container.name, seconds=WAIT_SECONDS) == "0"
        assert container.events()[-1] == "stopped"


def test_image_starts_and_stops_fast(engine: DockerEngine) -> None:
    """On a quarter of a core it accepts connections after little work, and ends at once if idle."""
    begin = time.monotonic()
    with running(engine) as container:
        container.wait_until_ready()
        figures = {
            "ready after s": round(time.monotonic() - begin, 2),
            "ready with CPU s": container.used_cpu_seconds(),
            "stopped after s": round(container.terminate(), 2),
            "image MB": int(engine.run("image", "inspect", "--format={{.Size}}", TAG)) // 10**6,
        }
    sys.stdout.write(f"on Debian's Python: {figures}\n")
    # A core that others use, too, takes longer; what it works does not grow by much.
    assert figures["ready with CPU s"] < 0.6
    assert figures["stopped after s"] < 5
    assert figures["image MB"] < 250


def test_image_stops_before_it_is_up(engine: DockerEngine) -> None:
    """SIGTERM ends it at once as soon as any code of the project runs, long before it serves.

    Process 1 ignores a signal for which it has no handler.
    """
    with running(engine) as container:
        wait_for(container.catches_sigterm)
        assert container.terminate() < 5
        assert container.events() == []
