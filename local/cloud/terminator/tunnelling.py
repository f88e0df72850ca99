"""The terminator in Python, for machines without HAProxy: an event loop in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

from local.cloud.terminator.doors import Doors
from local.cloud.terminator.tunnels import Tunnels

if TYPE_CHECKING:
    import socket
    from collections.abc import Coroutine, Mapping

    from local.cloud.terminator.certificates import Certificate
    from local.cloud.terminator.model import LoadBalancer

_LIMIT_SECONDS = 10.0


class TunnelTerminator:
    """Serves a load balancer with asyncio. See the package for the methods' promises."""

    def __init__(
        self,
        load_balancer: LoadBalancer,
        *,
        certificate: Certificate,
        reserved: Mapping[int, socket.socket] | None = None,
        check_seconds: float = 1.0,
    ) -> None:
        self._load_balancer = load_balancer
        self._certificate = certificate
        self._doors = Doors(reserved)
        self._check_seconds = check_seconds
        self._tunnels: Tunnels | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    @property
    def ports(self) -> dict[int, int]:
        """The load balancer's ports and where they are on loopback."""
        return self._doors.ports

    def start(self) -> dict[int, int]:
        """Begin to serve; returns the ports. Raises OSError for a port."""
        started = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._loop.call_soon(started.set)
        self._thread = threading.Thread(
            target=_run, args=(self._loop,), name="terminator", daemon=True
        )
        self._thread.start()
        started.wait()
        try:
            return self.reload(self._load_balancer)
        except BaseException:
            self.stop()
            raise

    def reload(self, load_balancer: LoadBalancer) -> dict[int, int]:
        """Serve new connections as `load_balancer` says; open ones stay. Returns the ports."""
        self._call(self._change(load_balancer))
        self._load_balancer = load_balancer
        return self.ports

    def stop(self) -> None:
        """End every connection, and give the ports back; may be called twice."""
        if self._loop is not None and self._thread is not None:
            if self._tunnels is not None:
                self._call(self._tunnels.close())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(_LIMIT_SECONDS)
            self._loop = self._thread = self._tunnels = None
        self._doors.close()

    def _call(self, work: Coroutine[None, None, None]) -> None:
        assert self._loop is not None, "start() comes first"
        asyncio.run_coroutine_threadsafe(work, self._loop).result(_LIMIT_SECONDS)

    async def _change(self, load_balancer: LoadBalancer) -> None:
        numbers = [each.port for each in load_balancer.listeners]
        doors = self._doors.open(numbers)
        tunnels = Tunnels(load_balancer, self.ports, check_seconds=self._check_seconds)
        before, self._tunnels = self._tunnels, tunnels
        if before is not None:
            await before.close()
        await tunnels.open(doors, self._certificate.bundle)
        self._doors.close_others(numbers)


def _run(loop: asyncio.AbstractEventLoop) -> None:
    """Run until the loop is stopped, then cancel what still runs: connections and checks."""
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.get_loop().run_forever()
