"""Tasks as containers: the emulator runs them, this module waits until they serve."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx

from local.cloud.errors import CloudError
from local.cloud.readiness import is_ready

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from local.cloud.deployed import Deployed

_READY_PATH = "/readyz"
_READY_SECONDS = 90.0
_POLL_SECONDS = 0.25


class ContainerTasks:
    """The containers of one service; `on_targets` is awaited when they are others than before."""

    kind = "as a container of the image that the CDK built and pushed"

    def __init__(self, *, deployed: Deployed, on_targets: Callable[[], Awaitable[None]]) -> None:
        self._deployed = deployed
        self._on_targets = on_targets
        self._targets: list[str] = []

    async def follow(self, cluster: str, name: str) -> None:
        """Wait until what runs is what the service says now. Raises CloudError if it does not."""
        try:
            async with asyncio.timeout(_READY_SECONDS), httpx.AsyncClient(trust_env=False) as http:
                while not (targets := await self._settled(http, cluster, name)):  # noqa: ASYNC110
                    await asyncio.sleep(_POLL_SECONDS)
        except TimeoutError:
            reason = await asyncio.to_thread(self._deployed.stopped_reason, cluster)
            raise CloudError(f"no container served in {_READY_SECONDS:g} s: {reason}") from None
        if targets != self._targets:
            self._targets = targets
            await self._on_targets()

    async def stop(self) -> None:
        """Nothing to do: they end with their service."""

    async def _settled(self, http: httpx.AsyncClient, cluster: str, name: str) -> list[str]:
        """Return the addresses of the tasks, once there are no others and all are ready."""
        targets = await asyncio.to_thread(self._deployed.running_targets, cluster, name)
        ready = [await is_ready(http, f"http://{target}{_READY_PATH}") for target in targets]
        return targets if all(ready) else []
