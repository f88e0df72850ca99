"""Owns a Secrets Manager on loopback with one secret: a signed request is answered with its value.

It checks that a request is signed, not the signature: it is a load's stand-in, not a test.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

LONGEST_REQUEST_BYTES = 64 * 1024


@contextlib.asynccontextmanager
async def serve_secret(value: str) -> AsyncIterator[str]:
    """Serve until the block ends; yields the address for AWS_ENDPOINT_URL_SECRETS_MANAGER."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        writer.write(answer(head, value))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=LONGEST_REQUEST_BYTES)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def answer(head: bytes, value: str) -> bytes:
    """Return the whole response to a request with that head."""
    head = head.lower()
    is_known = b"x-amz-target: secretsmanager.getsecretvalue" in head
    is_signed = b"authorization: aws4-hmac-sha256 credential=" in head
    content = {"SecretString": value} if is_known and is_signed else {"__type": "Refused"}
    body = json.dumps(content).encode()
    status = b"200 OK" if is_known and is_signed else b"400 Bad Request"
    return b"HTTP/1.1 %b\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b" % (
        status,
        len(body),
        body,
    )
