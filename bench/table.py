"""A stand-in for DynamoDB on loopback: takes every BatchWriteItem, and counts the items."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_BODY = b'{"UnprocessedItems":{}}'
_ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: %d\r\n\r\n%b"
    % (len(_BODY), _BODY)
)


class CountedTable:
    """Costs its loop little: nothing that it is sent is read but the length and the marks."""

    def __init__(self) -> None:
        self.items = 0
        self.url = ""
        self._writers: set[asyncio.StreamWriter] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection's requests until it is closed."""
        self._writers.add(writer)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
                body = await reader.readexactly(int(length))
                self.items += body.count(b'"PutRequest"')
                writer.write(_ANSWER)
        except (asyncio.IncompleteReadError, ConnectionError):
            self._writers.discard(writer)
            writer.close()

    async def close(self) -> None:
        """Close the connections that are open."""
        writers = list(self._writers)
        for writer in writers:
            writer.close()
        await asyncio.gather(*(writer.wait_closed() for writer in writers), return_exceptions=True)


@asynccontextmanager
async def counted_table() -> AsyncIterator[CountedTable]:
    """A table that listens on a free port of loopback."""
    table = CountedTable()
    server = await asyncio.start_server(table.serve, "127.0.0.1", 0, limit=1024 * 1024)
    table.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield table
    finally:
        server.close()
        await table.close()
        await server.wait_closed()
