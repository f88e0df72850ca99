"""How Amazon Bedrock's SDK sends a request: as by itself, but to nobody else, and in less time."""

from __future__ import annotations

import asyncio
from functools import partial
from types import SimpleNamespace
from typing import Any

from aiobotocore.awsrequest import AioAWSResponse  # type: ignore[import-untyped]
from aiobotocore.httpsession import AIOHTTPSession  # type: ignore[import-untyped]

from agents.providers.connections import ERROR_SECONDS


class Session(AIOHTTPSession):  # type: ignore[misc]
    """Takes an error without its body, if that does not come: the status has said what counts."""

    async def send(self, request: Any) -> AioAWSResponse:
        """Return the response; the SDK reads the body of an error to its end, however late."""
        response = await super().send(request)
        if response.status_code < 300:
            return response
        try:
            async with asyncio.timeout(ERROR_SECONDS):
                await response.content
        except TimeoutError:
            response.raw.close()
            return AioAWSResponse(response.url, response.status_code, response.headers, _Nothing())
        return response

    async def _get_session(self, proxy_url: str | None) -> SimpleNamespace:
        # aiohttp would take what is signed, and what was said, wherever it is sent.
        session = await super()._get_session(proxy_url)
        return SimpleNamespace(request=partial(session.request, allow_redirects=False))


class _Nothing:
    async def read(self) -> bytes:
        return b""
