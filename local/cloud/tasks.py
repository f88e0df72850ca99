"""Tasks as processes, where no engine runs them as containers: ECS's part, played by this module.

A process gets what its task would: the command, the environment and the secrets of the task
definition. A new task definition means new processes first, then SIGTERM for the old ones.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx

from local.cloud.errors import CloudError
from local.cloud.readiness import is_ready
from local.dev.child import Child
from local.dev.ports import reserved_port

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from pathlib import Path

    from local.cloud.deployed import Container, Deployed, Service

HOST = "127.0.0.1"
_READY_PATH = "/readyz"
_READY_SECONDS = 30.0
_POLL_SECONDS = 0.05
_COMMAND = re.compile(r"^CMD (\[.*\])$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    definition: str
    target_group: str
    port: int
    child: Child


class ProcessTasks:
    """The processes of one service. `variables` are what every task finds: where its AWS is.

    `on_targets` is awaited when other processes are registered in the target group than before,
    while the old ones still run.
    """

    kind = "its command, environment and secrets, as a process"

    def __init__(
        self,
        *,
        deployed: Deployed,
        checkout: Path,
        folder: Path,
        variables: Mapping[str, str],
        on_targets: Callable[[], Awaitable[None]],
    ) -> None:
        self._deployed = deployed
        self._checkout = checkout
        self._folder = folder
        self._variables = dict(variables)
        self._on_targets = on_targets
        self._running: list[_Task] = []
        self.log = folder / "server.log"

    async def follow(self, cluster: str, name: str) -> None:
        """Make what runs what the service says now. Raises CloudError when a task can't start."""
        service = await asyncio.to_thread(self._deployed.service, cluster, name)
        if [task.definition for task in self._running] == (
            [service.container.definition] * service.desired
        ):
            return
        old, self._running = self._running, []
        try:
            with contextlib.ExitStack() as reserved:
                for _ in range(service.desired):
                    port = reserved.enter_context(reserved_port())
                    self._running.append(await self._start(service, port))
                for task in self._running:
                    await self._wait_until_ready(task)
            await asyncio.to_thread(self._register, self._running, old)
            await self._on_targets()
        finally:
            await _stop(old)

    async def stop(self) -> None:
        """End all of them; may be called twice."""
        running, self._running = self._running, []
        await _stop(running)

    async def _start(self, service: Service, port: int) -> _Task:
        container = service.container
        environ = await asyncio.to_thread(self._environ, container, port)
        child = await Child.start(self._command(container), environ, self._keep_line)
        return _Task(
            definition=container.definition,
            target_group=service.target_group,
            port=port,
            child=child,
        )

    def _command(self, container: Container) -> list[str]:
        """Return the task definition's command, or where it has none, the image's own."""
        command = list(container.command) or read_command(self._checkout / "container/Dockerfile")
        return [sys.executable if part == "python" else part for part in command]

    def _environ(self, container: Container, port: int) -> dict[str, str]:
        secrets = {
            name: self._deployed.read_secret(reference)
            for name, reference in container.secrets.items()
        }
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "PYTHONPATH": str(self._checkout / "container"),
            "PYTHONUNBUFFERED": "1",
            "TMPDIR": str(self._folder),
            **self._variables,
            **container.environment,
            **secrets,
            # A task has an address of its own; processes share one and need a port each.
            "SPEECH_ENGINE_HOST": HOST,
            "SPEECH_ENGINE_PORT": str(port),
        }

    def _keep_line(self, line: str) -> None:
        with self.log.open("a", encoding="utf-8") as log:
            log.write(line + "\n")

    async def _wait_until_ready(self, task: _Task) -> None:
        ended = asyncio.create_task(task.child.wait())
        try:
            async with asyncio.timeout(_READY_SECONDS), httpx.AsyncClient(trust_env=False) as http:
                while not await is_ready(http, f"http://{HOST}:{task.port}{_READY_PATH}"):
                    if ended.done():
                        raise CloudError(f"the task ended with {ended.result()}; see {self.log}")
                    await asyncio.sleep(_POLL_SECONDS)
        except TimeoutError:
            raise CloudError(
                f"the task was not ready within {_READY_SECONDS:g} s; see {self.log}"
            ) from None
        finally:
            ended.cancel()

    def _register(self, new: list[_Task], old: list[_Task]) -> None:
        elbv2 = self._deployed.client("elbv2")
        for task in new:
            elbv2.register_targets(TargetGroupArn=task.target_group, Targets=[_target(task)])
        for task in old:
            elbv2.deregister_targets(TargetGroupArn=task.target_group, Targets=[_target(task)])


def read_command(dockerfile: Path) -> list[str]:
    """Return the command of the last stage of a Dockerfile. Raises CloudError without one."""
    found = _COMMAND.findall(dockerfile.read_text(encoding="utf-8"))
    if not found:
        raise CloudError(f'{dockerfile} has no CMD ["…"]; a process needs to know what to run')
    command: list[str] = json.loads(found[-1])
    return command


def _target(task: _Task) -> dict[str, object]:
    return {"Id": HOST, "Port": task.port}


async def _stop(tasks: list[_Task]) -> None:
    await asyncio.gather(*(task.child.stop() for task in tasks))
