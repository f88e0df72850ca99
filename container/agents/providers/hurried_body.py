"""The body of an HTTP error, cut short where it takes long: the status has said what counts."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, cast

import httpx2

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class HurriedBody(httpx2.AsyncByteStream):
    """What comes of `body` within `seconds`; a connection that has not ended it is closed."""

    def __init__(self, body: httpx2.AsyncByteStream, seconds: float) -> None:
        self._body = body
        self._seconds = seconds

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the parts that come in time."""
        parts = aiter(self._body)
        end = asyncio.get_running_loop().time() + self._seconds
        with suppress(TimeoutError, StopAsyncIteration):
            while True:
                async with asyncio.timeout_at(end):
                    part = await anext(parts)
                yield part

    async def aclose(self) -> None:
        """Close the body."""
        await self._body.aclose()


async def hurry_error(response: httpx2.Response, seconds: float) -> None:
    """Cut the body short if the response is no success."""
    if not response.is_success:
        body = cast("httpx2.AsyncByteStream", response.stream)
        response.stream = HurriedBody(body, seconds)
