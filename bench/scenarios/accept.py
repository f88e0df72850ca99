"""Owns the cost of connections: accepted ones that start a conversation, refused ones."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from bench.connection import Connection
from bench.handshake import API_KEY, WRONG_KEY, sign_token
from bench.load import init_frame, is_deflated
from bench.trial import Reading, Trial

if TYPE_CHECKING:
    from bench.process import ServerProcess

SETTLE_SECONDS = 0.1  # a server may tidy up after the client has seen the end
INIT_FRAME = init_frame("conv_accept")


@dataclass(frozen=True)
class Accept:
    """Handshake, `init`, close; and a handshake with a wrongly signed token."""

    name: ClassVar[str] = "accept"
    connections: int = 800
    warm_connections: int = 150
    at_once: int = 8

    @classmethod
    def quick(cls) -> Self:
        """Return the form for tests."""
        return cls(connections=10, warm_connections=2, at_once=2)

    async def measure(self, trial: Trial) -> Reading:
        """Measure the server's CPU time per connection of each kind."""
        async with trial.start(chunks=1) as process:
            accepted = Knocking(trial, process, API_KEY, is_welcome=True)
            refused = Knocking(trial, process, WRONG_KEY, is_welcome=False)
            values = {
                "accept_cpu_us": await self._measure(accepted),
                "refuse_cpu_us": await self._measure(refused),
            }
        return Reading(values, accepted.is_deflated, dict(accepted.faults + refused.faults))

    async def _measure(self, knocking: Knocking) -> float:
        await knocking.knock(self.warm_connections, self.at_once)
        spent_ns = await knocking.knock(self.connections, self.at_once)
        return spent_ns / 1000 / self.connections


class Knocking:
    """Connects again and again, each time with a new token."""

    def __init__(
        self, trial: Trial, process: ServerProcess, api_key: str, *, is_welcome: bool
    ) -> None:
        self.faults: Counter[str] = Counter()
        self.is_deflated = False
        self._trial = trial
        self._process = process
        self._api_key = api_key
        self._is_welcome = is_welcome

    async def knock(self, count: int, at_once: int) -> int:
        """Make `count` connections and return the server's CPU time in nanoseconds."""
        tokens = [sign_token(self._api_key) for _ in range(count)]
        before = self._process.cpu_ns()
        await asyncio.gather(*(self._take_turns(tokens) for _ in range(at_once)))
        await asyncio.sleep(SETTLE_SECONDS)
        return self._process.cpu_ns() - before

    async def _take_turns(self, tokens: list[str]) -> None:
        while tokens:
            await self._connect(tokens.pop())

    async def _connect(self, token: str) -> None:
        port, offer = self._process.port, self._trial.offer_deflate
        connection = await Connection(port, token, offer_deflate=offer).open(port)
        was_accepted = connection.reply is not None and connection.reply.status == 101
        if was_accepted != self._is_welcome:
            self.faults[f"an upgrade answered {connection.reply}"] += 1
        if was_accepted:
            self.is_deflated |= is_deflated([connection])
            connection.write(INIT_FRAME)
            await connection.close()
        else:
            await connection.wait_lost()
        self.faults.update([connection.fault] if connection.fault else [])
