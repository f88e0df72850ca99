"""Which targets are in service: each is asked at intervals, as its target group says."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from local.cloud.terminator.model import HealthCheck, LoadBalancer, Target


class Health:
    """Asks all targets of a load balancer until it is closed. Unknown ones are in service."""

    def __init__(self, load_balancer: LoadBalancer, *, check_seconds: float) -> None:
        self._check_seconds = check_seconds
        self._out_of_service: set[tuple[str, Target]] = set()
        self._watches = [
            asyncio.create_task(self._watch(name, target, group.health_check))
            for name, group in load_balancer.groups.items()
            if group.health_check
            for target in group.targets
        ]

    def is_in_service(self, group: str, target: Target) -> bool:
        """Tell whether a target may get requests of a target group."""
        return (group, target) not in self._out_of_service

    async def close(self) -> None:
        """Ask no more."""
        for watch in self._watches:
            watch.cancel()
        if self._watches:
            await asyncio.wait(self._watches)

    async def _watch(self, group: str, target: Target, check: HealthCheck) -> None:
        wrong = check.unhealthy_count - 1  # the very first answer counts at once
        while True:
            wrong = 0 if await is_healthy(target, check) else wrong + 1
            if wrong == 0:
                self._out_of_service.discard((group, target))
            elif wrong >= check.unhealthy_count:
                self._out_of_service.add((group, target))
            await asyncio.sleep(self._check_seconds)


async def is_healthy(target: Target, check: HealthCheck) -> bool:
    """Ask once; no answer in time is a no."""
    writer = None
    try:
        async with asyncio.timeout(check.timeout_seconds):
            reader, writer = await asyncio.open_connection(target.host, check.port or target.port)
            head = [f"GET {check.path} HTTP/1.1", "host: localhost", "connection: close", "", ""]
            writer.write("\r\n".join(head).encode())
            version, status, *_ = (await reader.readline()).split(maxsplit=2)
            return version.startswith(b"HTTP/1.") and check.accepts(int(status))
    except (OSError, ValueError):  # TimeoutError is an OSError
        return False
    finally:
        if writer is not None:
            with contextlib.suppress(OSError):
                writer.close()
