"""The listening sockets on loopback, one for each port of the load balancer.

They belong to this process whoever serves them: no port is chosen twice, and none is lost while
one server takes over from another.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

HOST = "127.0.0.1"
_BACKLOG = 128


def reserve_port(port: int = 0) -> socket.socket:
    """Return a bound socket that holds `port`, or any free one for 0, until it is closed.

    It refuses connections until someone listens on it. Raises OSError when the port is taken.
    """
    reserved = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        reserved.bind((HOST, port))
    except (OSError, OverflowError):
        reserved.close()
        raise
    return reserved


class Doors:
    """Sockets by the load balancer's port; `reserved` ones are used and owned from now on."""

    def __init__(self, reserved: Mapping[int, socket.socket] | None = None) -> None:
        self._reserved = dict(reserved or {})
        self._open: dict[int, socket.socket] = {}

    @property
    def ports(self) -> dict[int, int]:
        """The load balancer's ports and where they are on loopback."""
        return {port: door.getsockname()[1] for port, door in self._open.items()}

    def open(self, ports: Iterable[int]) -> dict[int, socket.socket]:
        """Listen for each of `ports`; those that are open already stay as they are."""
        for port in ports:
            if port not in self._open:
                door = self._reserved.pop(port, None) or reserve_port()
                self._open[port] = door
                door.listen(_BACKLOG)
        return {port: self._open[port] for port in ports}

    def close_others(self, ports: Iterable[int]) -> None:
        """Stop listening for all but `ports`."""
        for port in self._open.keys() - set(ports):
            self._open.pop(port).close()

    def close(self) -> None:
        """Let go of every socket, also of those never used."""
        self.close_others(())
        while self._reserved:
            self._reserved.popitem()[1].close()
