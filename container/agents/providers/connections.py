"""The HTTP connections of providers: how long they are waited for, how long they are kept.

It knows no provider; keys and requests are the SDK's.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx2

CONNECT_SECONDS = 1.5
"""For TCP, and again for TLS: one lost packet costs a second, a distant provider a quarter of one.

Below the first words' deadline, so that the log tells of a provider that can't be reached.
"""

READ_SECONDS = 20.0
"""Silence before the headers or between two chunks. Callers give up earlier; this ends the rest."""

WRITE_SECONDS = 5.0
"""A conversation is some kilobytes: who does not take them in that time is gone."""

KEEP_SECONDS = 240.0
"""Survives a quiet minute between two turns, and ends before NAT forgets the connection (350 s).

https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-basics.html
"""

KEEP_CONNECTIONS = 100

ERROR_SECONDS = 0.25
"""How long the body of an error may take: it comes with the headers, and somebody is waiting."""

_DRAIN_SECONDS = 0.1
"""How long the end of the HTTP body may take after the answer's last event; it comes with it."""


def open_http_client(**arguments: Any) -> httpx2.AsyncClient:
    """Return a client without retries and redirects; `arguments` are httpx2's own, of the caller.

    Connections are not counted: each turn has one, and the server limits its conversations.
    """
    import httpx2

    from agents.providers.hurried_body import hurry_error

    return httpx2.AsyncClient(
        timeout=httpx2.Timeout(
            connect=CONNECT_SECONDS, read=READ_SECONDS, write=WRITE_SECONDS, pool=CONNECT_SECONDS
        ),
        limits=httpx2.Limits(
            max_keepalive_connections=KEEP_CONNECTIONS, keepalive_expiry=KEEP_SECONDS
        ),
        event_hooks={"response": [partial(hurry_error, seconds=ERROR_SECONDS)]},
        **arguments,
    )


async def drain(events: AsyncIterator[object]) -> None:
    """Read what follows an answer's last event, so that the connection can carry the next turn.

    A server or a proxy that keeps the body open may hold up neither that turn nor this one.
    """
    # The answer is complete: what goes wrong from here concerns nobody.
    with suppress(Exception):
        async with asyncio.timeout(_DRAIN_SECONDS):
            async for _ in events:
                pass
