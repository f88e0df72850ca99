"""Connections from client to target: a head is read, an action chosen, and then bytes pass.

One request on one connection: after its head nothing is looked at, so that every protocol that
begins as HTTP/1.1 passes. Lives on one event loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
from typing import TYPE_CHECKING, TypeAlias

from local.cloud.terminator.health import Health
from local.cloud.terminator.model import FixedResponse, Forward, Redirect
from local.cloud.terminator.requests import (
    BadRequestError,
    Request,
    choose_action,
    locate,
    parse_request,
    write_answer,
    write_forwarded,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local.cloud.terminator.model import Listener, LoadBalancer, Target

Stream: TypeAlias = tuple[asyncio.StreamReader, asyncio.StreamWriter]

_PIECE_BYTES = 64 * 1024
_CONNECT_SECONDS = 5.0


class Tunnels:
    """What one state of a load balancer does with connections; those taken outlive `close`."""

    def __init__(
        self, load_balancer: LoadBalancer, ports: Mapping[int, int], *, check_seconds: float
    ) -> None:
        self._load_balancer = load_balancer
        self._listeners = {each.port: each for each in load_balancer.listeners}
        self._ports = ports
        self._health = Health(load_balancer, check_seconds=check_seconds)
        self._turns = {name: itertools.count() for name in load_balancer.groups}

    async def serve(self, port: int, client: Stream) -> None:
        """Serve a connection that came to the listener at `port` until it ends."""
        reader, writer = client
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):  # the client is gone
            try:
                await self._answer(self._listeners[port], reader, writer)
                writer.close()
                await writer.wait_closed()
            finally:
                writer.transport.abort()

    async def close(self) -> None:
        """Watch the targets no more."""
        await self._health.close()

    async def _answer(
        self, listener: Listener, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            async with asyncio.timeout(self._load_balancer.idle_seconds):
                request = parse_request(await reader.readuntil(b"\r\n\r\n"))
        except (BadRequestError, asyncio.LimitOverrunError):
            writer.write(write_answer(400))
            return
        match choose_action(listener, request):
            case FixedResponse(status=status, body=body, content_type=kind):
                writer.write(write_answer(status, body, headers={"content-type": kind}))
            case Redirect() as redirect:
                location = locate(redirect, request, listener, self._ports)
                writer.write(write_answer(redirect.status, headers={"location": location}))
            case Forward() as forward:
                await self._forward(forward, request, listener, (reader, writer))

    async def _forward(
        self, forward: Forward, request: Request, listener: Listener, client: Stream
    ) -> None:
        stream = await self._connect(forward)
        if stream is None:
            client[1].write(write_answer(503))
            return
        address = client[1].get_extra_info("peername")[0]
        drops = self._load_balancer.drops_invalid_headers
        try:
            stream[1].write(
                write_forwarded(request, listener, address, drops_invalid_headers=drops)
            )
            await _tunnel(client, stream, self._load_balancer.idle_seconds)
        finally:
            stream[1].transport.abort()

    async def _connect(self, forward: Forward) -> Stream | None:
        """Connect to the next target in service; None where no one answers."""
        for target in self._candidates(forward):
            with contextlib.suppress(OSError):
                async with asyncio.timeout(_CONNECT_SECONDS):
                    return await asyncio.open_connection(
                        target.host, target.port, limit=_PIECE_BYTES
                    )
        return None

    def _candidates(self, forward: Forward) -> list[Target]:
        """The targets in service of the group drawn, beginning with the one whose turn it is."""
        if forward.total == 0:
            return []
        name = forward.draw(random.randrange(forward.total))
        targets = [
            target
            for target in self._load_balancer.groups[name].targets
            if self._health.is_in_service(name, target)
        ]
        turn = next(self._turns[name]) % max(len(targets), 1)
        return targets[turn:] + targets[:turn]


async def _tunnel(client: Stream, target: Stream, idle_seconds: float) -> None:
    """Pass bytes both ways until the target ends, or both are silent for too long."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(idle_seconds) as limit:

        def touch() -> None:
            limit.reschedule(loop.time() + idle_seconds)

        upwards = asyncio.create_task(_pass_on(client[0], target[1], touch))
        try:
            await _pass_on(target[0], client[1], touch)
        finally:
            upwards.cancel()
            await asyncio.wait({upwards})


async def _pass_on(
    source: asyncio.StreamReader, sink: asyncio.StreamWriter, touch: Callable[[], None]
) -> None:
    """Copy until the source ends, and tell the sink so where its protocol has a word for it."""
    with contextlib.suppress(ConnectionError):
        while piece := await source.read(_PIECE_BYTES):
            touch()
            sink.write(piece)
            await sink.drain()
        if sink.can_write_eof():
            sink.write_eof()
