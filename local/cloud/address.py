"""The service's address: a TLS terminator on loopback, made from what the load balancer's API says.

Holds the port from the beginning, since the stacks have to be told it before anything listens.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING

from local.cloud.terminator import (
    Terminator,
    choose_terminator,
    make_certificate,
    read_load_balancer,
    reserve_port,
)

if TYPE_CHECKING:
    from pathlib import Path

    from local.cloud.deployed import Deployed


class Address:
    """`wss://localhost:<port>`, with a certificate of an authority that this run alone trusts."""

    def __init__(self, folder: Path) -> None:
        self._certificate = make_certificate(folder)
        self._reserved = reserve_port()
        self._terminator: Terminator | None = None
        self.port: int = self._reserved.getsockname()[1]

    @property
    def authority(self) -> ssl.SSLContext:
        """Return what a client checks the address's certificate with."""
        return ssl.create_default_context(cafile=self._certificate.authority)

    @property
    def kind(self) -> str:
        """Say which terminator serves."""
        return type(self._terminator).__name__.removesuffix("Terminator")

    async def follow(self, deployed: Deployed, load_balancer: str) -> None:
        """Serve what the listeners, rules and targets of a load balancer say now."""
        await asyncio.to_thread(self._follow, deployed, load_balancer)

    async def close(self) -> None:
        """Stop serving and give the port back; may be called twice."""
        if self._terminator is not None:
            await asyncio.to_thread(self._terminator.stop)
        self._reserved.close()

    def _follow(self, deployed: Deployed, load_balancer: str) -> None:
        model = read_load_balancer(deployed.client("elbv2"), load_balancer)
        if self._terminator is not None:
            self._terminator.reload(model)
            return
        self._terminator = choose_terminator(
            model, certificate=self._certificate, reserved={self.port: self._reserved}
        )
        self._terminator.start()
