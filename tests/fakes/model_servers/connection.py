"""HTTP/1.1 as far as these servers need it: requests, responses, and who has hung up."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

LOOK_SECONDS = 0.002
"""Between two looks whether a client has hung up."""


@dataclass(frozen=True, eq=False)
class Connection:
    """A client's connection, from the server's side."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @property
    def is_gone(self) -> bool:
        """Whether the client has hung up."""
        # A reset, unlike an orderly end, is no end of the stream but an exception in it.
        return self.reader.at_eof() or self.reader.exception() is not None

    async def read_request(self) -> tuple[str, str, dict[str, str], dict[str, Any]] | None:
        """Method, path, headers in small letters, the JSON body; None from who is gone."""
        try:
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.strip().split("\r\n")
            method, path, _ = first.split(" ", 2)
            pairs = (line.partition(":") for line in lines)
            headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
            raw = await self.reader.readexactly(int(headers.get("content-length", "0")))
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        return method, path, headers, json.loads(raw) if raw else {}

    async def send_json(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        """Send a whole response; `headers` come before those that it would have."""
        own = {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}
        lines = "".join(f"{name}: {value}\r\n" for name, value in own.items())
        self.writer.write(f"HTTP/1.1 {status} Status\r\n{lines}\r\n".encode() + body)
        await self.writer.drain()

    def begin_stream(self, content_type: str) -> None:
        """Send the head of a response that comes in chunks."""
        head = f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nTransfer-Encoding: chunked"
        self.writer.write(f"{head}\r\n\r\n".encode())

    def write_chunk(self, data: bytes) -> None:
        """Send a part of the body, if there is any."""
        if data:
            self.writer.write(b"%x\r\n%b\r\n" % (len(data), data))

    async def end_stream(self) -> None:
        """Send the end of the body."""
        self.writer.write(b"0\r\n\r\n")
        await self.writer.drain()

    async def pause(self, seconds: float | None = None) -> None:
        """Do nothing for a while; without seconds, until the client hangs up."""
        # Looking consumes nothing: a next request that arrives early stays whole.
        loop = asyncio.get_running_loop()
        until = None if seconds is None else loop.time() + seconds
        while not self.is_gone and (until is None or loop.time() < until):
            left = LOOK_SECONDS if until is None else min(LOOK_SECONDS, until - loop.time())
            await asyncio.sleep(max(0.0, left))

    async def close(self) -> None:
        """Hang up."""
        self.writer.close()
        with suppress(ConnectionError):
            await self.writer.wait_closed()
