"""Which terminator serves: HAProxy where it is installed, else the one in Python."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Protocol

from local.cloud.terminator.haproxy import HaproxyTerminator
from local.cloud.terminator.tunnelling import TunnelTerminator

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping

    from local.cloud.terminator.certificates import Certificate
    from local.cloud.terminator.model import LoadBalancer

SYSTEM_FOLDERS = "/usr/local/sbin:/usr/sbin"
"""Where Debian keeps it, and where only root's PATH leads."""


class Terminator(Protocol):
    """What serves a load balancer on loopback."""

    @property
    def ports(self) -> dict[int, int]:
        """The load balancer's ports and where they are on loopback."""

    def start(self) -> dict[int, int]:
        """Begin to serve; returns the ports. Raises TerminatorError, or OSError for a port."""

    def reload(self, load_balancer: LoadBalancer) -> dict[int, int]:
        """Serve new connections as `load_balancer` says; open ones stay. Returns the ports."""

    def stop(self) -> None:
        """End every connection, and give the ports back; may be called twice."""


def find_haproxy() -> str | None:
    """Return the path of HAProxy, if it is installed."""
    return shutil.which("haproxy") or shutil.which("haproxy", path=SYSTEM_FOLDERS)


def choose_terminator(
    load_balancer: LoadBalancer,
    *,
    certificate: Certificate,
    reserved: Mapping[int, socket.socket] | None = None,
    check_seconds: float = 1.0,
) -> Terminator:
    """Return a terminator that is not started yet."""
    program = find_haproxy()
    if program is None:
        return TunnelTerminator(
            load_balancer,
            certificate=certificate,
            reserved=reserved,
            check_seconds=check_seconds,
        )
    return HaproxyTerminator(
        load_balancer,
        certificate=certificate,
        reserved=reserved,
        check_seconds=check_seconds,
        program=program,
    )
