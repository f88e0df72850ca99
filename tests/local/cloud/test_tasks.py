from __future__ import annotations

from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import httpx
import pytest

from local.cloud.errors import CloudError
from local.cloud.tasks import ProcessTasks, read_command
from tests.fakes.deployed_service import DeployedService

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from local.cloud.deployed import Deployed

CHECKOUT = Path(__file__).resolve().parents[3]


async def nothing() -> None:
    """What a test does about new targets that it does not look at."""


@asynccontextmanager
async def running_tasks(
    deployed: DeployedService, folder: Path, on_targets: Callable[[], Awaitable[None]] = nothing
) -> AsyncIterator[ProcessTasks]:
    tasks = ProcessTasks(
        deployed=cast("Deployed", deployed),
        checkout=CHECKOUT,
        folder=folder,
        variables={"AWS_ENDPOINT_URL": "http://127.0.0.1:1"},
        on_targets=on_targets,
    )
    try:
        yield tasks
    finally:
        await tasks.stop()


async def ask(target: dict[str, Any]) -> dict[str, str]:
    """Return the environment of the process at a target."""
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.get(f"http://{target['Id']}:{target['Port']}/")
    environ: dict[str, str] = answer.json()
    return environ


async def test_task_gets_what_its_definition_says(tmp_path: Path) -> None:
    """Environment, secrets and the way to AWS are there, and it serves on loopback alone."""
    deployed = DeployedService()
    async with running_tasks(deployed, tmp_path) as tasks:
        await tasks.follow("cluster", "service")
        (target,) = deployed.targets
        environ = await ask(target)
    assert environ["DEFINITION"] == "task:1"
    assert environ["ELEVENLABS_API_KEY"] == "value of arn:key"
    assert environ["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1"
    assert environ["SPEECH_ENGINE_HOST"] == "127.0.0.1"


async def test_task_does_not_see_the_developers_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a task finds is what a deployed one finds, not what the person has set."""
    monkeypatch.setenv("SPEECH_ENGINE_AGENT", "my-own")
    monkeypatch.setenv("AWS_PROFILE", "production")
    deployed = DeployedService()
    async with running_tasks(deployed, tmp_path) as tasks:
        await tasks.follow("cluster", "service")
        environ = await ask(deployed.targets[0])
    assert not {"SPEECH_ENGINE_AGENT", "AWS_PROFILE"} & environ.keys()


async def test_new_definition_starts_before_the_old_one_ends(tmp_path: Path) -> None:
    """While the address learns of the new task, both of them run."""
    deployed = DeployedService()
    seen: list[tuple[str, ...]] = []
    ports: list[dict[str, Any]] = []

    async def look() -> None:
        ports.extend(target for target in deployed.targets if target not in ports)
        seen.append(tuple([(await ask(each))["DEFINITION"] for each in ports]))

    async with running_tasks(deployed, tmp_path, look) as tasks:
        await tasks.follow("cluster", "service")
        deployed.definition = "task:2"
        await tasks.follow("cluster", "service")
        assert seen == [("task:1",), ("task:1", "task:2")]
        assert deployed.targets == ports[1:]
        with pytest.raises(httpx.ConnectError):
            await ask(ports[0])


async def test_unchanged_service_is_left_alone(tmp_path: Path) -> None:
    """A deployment without another task definition restarts nothing."""
    deployed = DeployedService()
    async with running_tasks(deployed, tmp_path) as tasks:
        await tasks.follow("cluster", "service")
        before = list(deployed.targets)
        await tasks.follow("cluster", "service")
        assert deployed.targets == before


async def test_task_that_ends_is_reported_with_its_log(tmp_path: Path) -> None:
    """A server that cannot start fails the run at once, and its words are kept."""
    deployed = DeployedService(program="import sys; sys.exit('no table')")
    async with running_tasks(deployed, tmp_path) as tasks:
        with pytest.raises(CloudError, match="the task ended with 1; see"):
            await tasks.follow("cluster", "service")
        assert "no table" in tasks.log.read_text()
    assert deployed.targets == []


def test_command_is_the_last_of_the_dockerfile(tmp_path: Path) -> None:
    """A task definition without a command means the image's own."""
    dockerfile = tmp_path / "Dockerfile"
    dockerfile.write_text('FROM a\nCMD ["sh"]\nFROM b\nCMD ["python", "-m", "service"]\n')
    assert read_command(dockerfile) == ["python", "-m", "service"]


def test_dockerfile_without_a_command_is_named(tmp_path: Path) -> None:
    """A command that a shell would have to read is none."""
    dockerfile = tmp_path / "Dockerfile"
    dockerfile.write_text("FROM a\nCMD python -m service\n")
    with pytest.raises(CloudError, match="Dockerfile has no CMD"):
        read_command(dockerfile)
