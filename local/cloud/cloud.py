"""Everything that a run needs, started together and ended together.

Owns which parts there are and how they are joined: simulator, emulator, CDK, tasks, address.
"""

from __future__ import annotations

import asyncio
import contextlib
import platform as machine
import secrets
import shlex
import sys
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local.cloud.address import Address
from local.cloud.container_tasks import ContainerTasks
from local.cloud.deployed import Deployed
from local.cloud.emulator import Account, Emulator
from local.cloud.engine import Engine, find_engine
from local.cloud.errors import CloudError
from local.cloud.settings_file import write_settings
from local.cloud.tasks import ProcessTasks
from local.cloud.toolkit import Toolkit
from local.platform import Platform

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from pathlib import Path

    from infra.settings.environment import Architecture
    from local.cloud.options import Options

FOUNDATION, REALTIME, API, SITE = (
    f"SpeechEngine-local-{part}" for part in ("Foundation", "Realtime", "Api", "Site")
)
_LOAD_BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"
_ARM = {"arm64", "aarch64"}
_SETTINGS = "environments/local.toml"
_CONTAINER_END_SECONDS = 20.0
_POLL_SECONDS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloud:
    """What runs, until the block of `open_cloud` ends."""

    options: Options
    folder: Path
    account: Account
    platform: Platform
    emulator: Emulator
    address: Address
    deployed: Deployed
    toolkit: Toolkit
    tasks: ProcessTasks | ContainerTasks
    engine: Engine | str
    """What runs the tasks as containers, or why nothing does."""

    @property
    def environment(self) -> Path:
        """Return the environment file of this run, which is there once stacks are synthesized."""
        return self.folder / "local.toml"

    @property
    def how_tasks_run(self) -> str:
        """Say it in one line."""
        reason = f": {self.engine}" if isinstance(self.engine, str) else ""
        return f"{self.tasks.kind}{reason}"

    async def synthesize(self, changes: Mapping[str, Any]) -> None:
        """Write this run's environment file, with `changes`, and synthesize what it describes."""
        python = f"{sys.version_info.major}.{sys.version_info.minor}"
        architecture: Architecture = "arm64" if machine.machine() in _ARM else "x86_64"
        await asyncio.to_thread(_stage_packages, self.options.checkout, python, architecture)
        own = {
            "elevenlabs.host": self.platform.url,
            "address.https_port": self.address.port,
            "service.architecture": architecture,
            "functions.architecture": architecture,
            # Functions run in the emulator's Python, which is this one.
            "functions.python": python,
        }
        write_settings(self.options.checkout / _SETTINGS, self.environment, {**own, **changes})
        app = shlex.join([sys.executable, str(self.options.checkout / "app.py")])
        await self.toolkit.synthesize(app, f"env={self.environment}")

    async def outputs(self, stack: str) -> dict[str, str]:
        """Return the outputs of a deployed stack."""
        return await asyncio.to_thread(self.deployed.outputs, stack)

    async def follow_service(self) -> None:
        """Bring tasks and address to what the deployed service says. Raises CloudError."""
        outputs = await self.outputs(REALTIME)
        await self.tasks.follow(outputs["ClusterName"], outputs["ServiceName"])

    async def find_containers(self) -> list[str]:
        """Return what still runs of the tasks; a container gets some time to end."""
        if isinstance(self.engine, str):
            return []
        deadline = asyncio.get_running_loop().time() + _CONTAINER_END_SECONDS
        while found := await self.engine.containers(self.emulator.registry):
            if asyncio.get_running_loop().time() > deadline:
                return [f"container {each}" for each in found]
            await asyncio.sleep(_POLL_SECONDS)
        return []


@contextlib.asynccontextmanager
async def open_cloud(
    options: Options, folder: Path, on_progress: Callable[[str, int, int], None]
) -> AsyncIterator[Cloud]:
    """Start all that needs no deployment. Whatever happens, nothing is left running."""
    account = _read_account(options.checkout / _SETTINGS)
    async with contextlib.AsyncExitStack() as ending:
        address = Address(folder)
        ending.push_async_callback(address.close)
        platform = await ending.enter_async_context(_make_platform(address))
        engine = await _choose_engine(options)
        emulator = _make_emulator(options, folder, account)
        for_engine = await _prepare_engine(engine, emulator, ending)
        ending.push_async_callback(emulator.stop)
        await emulator.start(for_engine)
        deployed = Deployed(account, emulator.endpoint)
        own = account.variables(emulator.endpoint)
        tasks = _make_tasks(options, folder, own, deployed=deployed, address=address, engine=engine)
        ending.push_async_callback(tasks.stop)
        yield Cloud(
            options=options,
            folder=folder,
            account=account,
            platform=platform,
            emulator=emulator,
            address=address,
            deployed=deployed,
            toolkit=Toolkit(
                checkout=options.checkout,
                folder=folder,
                variables={**own, **for_engine, **_docker(options, engine)},
                on_progress=on_progress,
            ),
            tasks=tasks,
            engine=engine,
        )


def _stage_packages(checkout: Path, python: str, architecture: Architecture) -> None:
    """Fetch the functions' packages for this Python, unless `make setup` has done so.

    Not left to the CDK program: the developer's package index is out of its sight.
    """
    from infra.packaging import PackagingError, Platform, stage_requirements

    platform = Platform(python=python, architecture=architecture)
    try:
        for handler in checkout.glob("functions/*/handler.py"):
            stage_requirements(handler.parent.name, platform)
    except PackagingError as error:
        raise CloudError(str(error)) from None


def _make_platform(address: Address) -> Platform:
    """A simulator that takes the address's certificate, and nobody else's."""
    key = f"sk_test_{secrets.token_hex(16)}"
    return Platform(api_key=key, upstream_ssl=address.authority)


def _make_emulator(options: Options, folder: Path, account: Account) -> Emulator:
    python = options.checkout / ".venv-cloud" / "bin" / "python"
    return Emulator(folder=folder, python=python, checkout=options.checkout, account=account)


def _make_tasks(
    options: Options,
    folder: Path,
    variables: Mapping[str, str],
    *,
    deployed: Deployed,
    address: Address,
    engine: Engine | str,
) -> ProcessTasks | ContainerTasks:
    async def follow_targets() -> None:
        arn = await asyncio.to_thread(deployed.resource, REALTIME, _LOAD_BALANCER)
        await address.follow(deployed, arn)

    if isinstance(engine, Engine):
        return ContainerTasks(deployed=deployed, on_targets=follow_targets)
    return ProcessTasks(
        deployed=deployed,
        checkout=options.checkout,
        folder=folder,
        variables=variables,
        on_targets=follow_targets,
    )


async def _choose_engine(options: Options) -> Engine | str:
    if options.tasks == "processes":
        return "processes were asked for"
    engine = await find_engine(options.environ)
    if isinstance(engine, str) and options.tasks == "containers":
        raise CloudError(f"{engine}; start one, or run the tasks as processes")
    return engine


async def _prepare_engine(
    engine: Engine | str, emulator: Emulator, ending: contextlib.AsyncExitStack
) -> dict[str, str]:
    """Return the variables with which the emulator uses an engine."""
    if isinstance(engine, str):
        return {}
    registry = emulator.registry

    async def close() -> None:
        await engine.close(owner=registry, registry=registry)

    ending.push_async_callback(close)
    endpoint = await engine.relay(emulator.port)
    return {**engine.variables, "CLOUD_TASK_ENDPOINT": endpoint, "CLOUD_REGISTRY": registry}


def _docker(options: Options, engine: Engine | str) -> dict[str, str]:
    """Return what the CDK takes for Docker, and what that program is told."""
    kind = "none.sh" if isinstance(engine, str) else "engine.sh"
    told = ("CLOUD_DOCKER", "CLOUD_BUILD_OPTIONS")
    return {
        "CDK_DOCKER": str(options.checkout / "local" / "cloud" / "images" / kind),
        **{name: options.environ[name] for name in told if name in options.environ},
    }


def _read_account(file: Path) -> Account:
    aws = tomllib.loads(file.read_text(encoding="utf-8"))["aws"]
    return Account(number=aws["account"], region=aws["region"])
