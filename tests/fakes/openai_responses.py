"""A stand-in for OpenAI's Responses endpoint that streams server-sent events over real HTTP.

Format: https://platform.openai.com/docs/api-reference/responses-streaming
"""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
FAILURE = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"


@dataclass
class ResponsesApi:
    """Answers each request word by word with what the last input said.

    `requests` holds the bodies, `cut_short` counts streams whose reader left. An input of "story"
    is answered without end, one of "fail" with HTTP 500.
    """

    url: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)
    cut_short: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection."""
        try:
            body = await _read_body(reader)
            self.requests.append(body)
            said = body["input"][-1]["content"]
            if said == "fail":
                writer.write(FAILURE)
            else:
                await self._stream(reader, writer, said)
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _stream(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, said: str
    ) -> None:
        writer.write(HEAD)
        gone = asyncio.ensure_future(reader.read())
        try:
            for number, event in enumerate(_events(said)):
                writer.write(_encode({**event, "sequence_number": number}))
                await asyncio.wait({gone}, timeout=0.005)
                if gone.done():
                    self.cut_short += 1
                    return
        finally:
            gone.cancel()


def _events(said: str) -> Any:
    yield {"type": "response.created", "response": _response("in_progress")}
    words = ["You ", "said ", said]
    while said == "story":
        yield _delta("and then ")
    for word in words:
        yield _delta(word)
    yield {
        "type": "response.output_text.done",
        "item_id": "msg_1",
        "output_index": 0,
        "content_index": 0,
        "logprobs": [],
        "text": "".join(words),
    }
    yield {"type": "response.completed", "response": _response("completed")}


def _delta(text: str) -> dict[str, Any]:
    return {
        "type": "response.output_text.delta",
        "item_id": "msg_1",
        "output_index": 0,
        "content_index": 0,
        "logprobs": [],
        "delta": text,
    }


def _response(status: str) -> dict[str, Any]:
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "model": "test",
        "output": [],
        "parallel_tool_calls": False,
        "tool_choice": "auto",
        "tools": [],
        "status": status,
    }


def _encode(event: dict[str, Any]) -> bytes:
    return f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()


async def _read_body(reader: asyncio.StreamReader) -> dict[str, Any]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    length = int(head.partition("content-length:")[2].partition("\r\n")[0])
    body: dict[str, Any] = json.loads(await reader.readexactly(length))
    return body


@asynccontextmanager
async def responses_api() -> AsyncIterator[ResponsesApi]:
    """Serve the endpoint on a free port."""
    api = ResponsesApi()
    server = await asyncio.start_server(api.serve, "127.0.0.1", 0)
    api.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    try:
        yield api
    finally:
        server.close()
        await server.wait_closed()
