"""The terminator in Python, for machines without HAProxy: an event loop in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

from local.cloud.terminator.doors import Doors
from local.cloud.terminator.gates import Gate
from local.cloud.terminator.tunnels import Stream, Tunnels

if TYPE_CHECKING:
    import socket
    from collections.abc import Coroutine, Mapping

    from local.cloud.terminator.certificates import Certificate
    from local.cloud.terminator.model import Listener, LoadBalancer

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
        self._gates: dict[int, Gate] = {}
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
            self._call(self._close())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(_LIMIT_SECONDS)
            self._loop = self._thread = None
        self._doors.close()

    def _call(self, work: Coroutine[None, None, None]) -> None:
        assert self._loop is not None, "start() comes first"
        asyncio.run_coroutine_threadsafe(work, self._loop).result(_LIMIT_SECONDS)

    async def _change(self, load_balancer: LoadBalancer) -> None:
        doors = self._doors.open([each.port for each in load_balancer.listeners])
        before = self._tunnels
        self._tunnels = Tunnels(load_balancer, self.ports, check_seconds=self._check_seconds)
        for listener in load_balancer.listeners:
            await self._open_gate(listener, doors[listener.port])
        for port in self._gates.keys() - doors.keys():
            self._gates.pop(port).close()
        self._doors.close_others(doors)
        if before is not None:
            await before.close()

    async def _open_gate(self, listener: Listener, door: socket.socket) -> None:
        gate = self._gates.get(listener.port)
        if gate is not None and gate.protocol == listener.protocol:
            gate.demand(listener)
            return
        if gate is not None:
            gate.close()
        self._gates[listener.port] = Gate(listener, self._certificate.bundle)
        await self._gates[listener.port].open(door, self._serve)

    async def _serve(self, port: int, client: Stream) -> None:
        if self._tunnels is not None:
            await self._tunnels.serve(port, client)

    async def _close(self) -> None:
        while self._gates:
            self._gates.popitem()[1].close()
        if self._tunnels is not None:
            await self._tunnels.close()


def _run(loop: asyncio.AbstractEventLoop) -> None:
    """Run until the loop is stopped, then cancel what still runs: connections and checks."""
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.get_loop().run_forever()
