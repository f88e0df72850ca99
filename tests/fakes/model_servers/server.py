"""A model provider on loopback: real HTTP/1.1, the provider's wire format, answers by script.

The formats stand in modules of their own; this one plays scripts, and counts who hung up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from tests.fakes.model_servers.connection import Connection

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@dataclass(frozen=True)
class Say:
    """One piece of text."""

    text: str


@dataclass(frozen=True)
class Call:
    """One whole tool call, streamed in fragments as the provider does."""

    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True)
class Pause:
    """Nothing for a while; without seconds, until the client hangs up."""

    seconds: float | None = None


@dataclass(frozen=True)
class Break:
    """The connection is cut in the middle of the stream."""


@dataclass(frozen=True)
class StreamFailure:
    """The provider's own error event inside a stream that began well (overloaded, say)."""


@dataclass(frozen=True)
class Refuse:
    """An HTTP error in the place of a stream; only as the first step.

    If it does not end, its body begins and then waits until the client hangs up.
    """

    status: int
    retry_after: str | None = None
    ends: bool = True


@dataclass(frozen=True)
class Stall:
    """Not even headers, until the client hangs up; only as the first step."""


@dataclass(frozen=True)
class EndEarly:
    """The HTTP body ends as it should, but the provider's own end does not come; the last step."""


@dataclass(frozen=True)
class Raw:
    """What only one provider sends: made by its wire format, which `encode` is given."""

    encode: Callable[[Any], bytes]


Step = Say | Call | Pause | Break | StreamFailure | Refuse | Stall | EndEarly | Raw


@dataclass(frozen=True)
class Request:
    """What arrived: `body` is the JSON object, or empty."""

    method: str
    path: str
    headers: dict[str, str]
    body: dict[str, Any]


class WireFormat(Protocol):
    """How one provider speaks. Encoders give the bytes of the body, without chunk framing."""

    models: tuple[str, ...]
    """Models that the server knows."""

    content_type: str

    def is_stream(self, request: Request) -> bool:
        """Whether the request asks for a stream; anything else is a check or a stranger."""
        ...

    def model_of(self, request: Request) -> str:
        """The model that a request is for, of whichever kind."""
        ...

    def begin(self, request: Request) -> bytes:
        """What comes before the first step."""
        ...

    def say(self, text: str) -> bytes: ...

    def call(self, call: Call) -> bytes: ...

    def stream_failure(self) -> bytes: ...

    def end(self) -> bytes:
        """What comes after the last step; nothing may follow."""
        ...

    def answer_check(self, request: Request) -> bytes:
        """The JSON body of a check's 200."""
        ...

    def error(self, status: int) -> bytes:
        """The JSON body of an HTTP error."""
        ...

    def error_headers(self, status: int) -> dict[str, str]:
        """Headers that the provider's errors carry, if any."""
        ...


Script = Callable[[Request], Sequence[Step]]


@dataclass
class ModelServer:
    """One provider. Set `script` at any time; a request gets the steps that it returns.

    `key` is what a client must send, wherever its provider looks for it; None accepts anybody.
    `hung_up` counts streams whose client closed the connection before their end. While it
    `is_down`, whoever connects is cut off.
    """

    new_wire: Callable[[], WireFormat]
    script: Script = field(default=lambda _: [Say("Hello"), Say(" there.")])
    key: str | None = None
    is_down: bool = False
    url: str = ""
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    hung_up: int = 0
    streaming: int = 0
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    _open: set[Connection] = field(default_factory=set)

    async def drop_connections(self) -> None:
        """Close every connection, as a provider does with those that were quiet for long."""
        for connection in tuple(self._open):
            await connection.close()

    async def wait_until(self, holds: Callable[[], bool]) -> None:
        """Wait until `holds`, looked at whenever a stream begins, ends or loses its client."""
        async with self._changed:
            await self._changed.wait_for(holds)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection until it is closed."""
        self.connections += 1
        if self.is_down:
            writer.transport.abort()
            return
        connection = Connection(reader, writer)
        self._open.add(connection)
        try:
            while (read := await connection.read_request()) is not None:
                self.requests.append(request := Request(*read))
                if not await self._answer(request, connection):
                    return
        except ConnectionError:
            """The client is gone; `hung_up` has been counted where it matters."""
        finally:
            self._open.remove(connection)
            await connection.close()

    async def _answer(self, request: Request, connection: Connection) -> bool:
        """Returns whether the connection is still good."""
        wire = self.new_wire()
        status = self._judge(wire, request)
        if status != 200:
            return await self._refuse(Refuse(status), wire, connection)
        if not wire.is_stream(request):
            await connection.send_json(200, wire.answer_check(request), {})
            return True
        steps = self.script(request)
        match steps:
            case [Refuse() as refusal, *_]:
                return await self._refuse(refusal, wire, connection)
            case [Stall(), *_]:
                return await self._stall(connection)
        return await self._stream(wire, request, steps, connection)

    async def _refuse(self, refusal: Refuse, wire: WireFormat, connection: Connection) -> bool:
        headers = {"Location": "/elsewhere"} if 300 <= refusal.status < 400 else {}
        headers |= wire.error_headers(refusal.status)
        if refusal.retry_after is not None:
            headers["Retry-After"] = refusal.retry_after
        if not refusal.ends:
            headers["Content-Length"] = "99999"
        await connection.send_json(refusal.status, wire.error(refusal.status), headers)
        return refusal.ends or await self._stall(connection)

    async def _stall(self, connection: Connection) -> bool:
        await self._count(streaming=1)
        await connection.pause()
        await self._count(streaming=-1, hung_up=1)
        return False

    def _judge(self, wire: WireFormat, request: Request) -> int:
        if self.key is not None and not any(self.key in v for v in request.headers.values()):
            return 401
        return 200 if wire.model_of(request) in wire.models else 404

    async def _stream(
        self, wire: WireFormat, request: Request, steps: Iterable[Step], connection: Connection
    ) -> bool:
        await self._count(streaming=1)
        try:
            connection.begin_stream(wire.content_type)
            connection.write_chunk(wire.begin(request))
            for step in steps:
                if isinstance(step, EndEarly):
                    break
                if not await self._take(step, wire, connection):
                    return False
            else:
                connection.write_chunk(wire.end())
            await connection.end_stream()
            return True
        except ConnectionError:
            await self._count(hung_up=1)
            return False
        finally:
            await self._count(streaming=-1)

    async def _take(self, step: Step, wire: WireFormat, connection: Connection) -> bool:
        match step:
            case Say(text):
                connection.write_chunk(wire.say(text))
            case Call():
                connection.write_chunk(wire.call(step))
            case StreamFailure():
                connection.write_chunk(wire.stream_failure())
            case Break():
                connection.writer.transport.abort()
                return False
            case Pause(seconds):
                await connection.pause(seconds)
            case Raw(encode):
                connection.write_chunk(encode(wire))
            case _:
                raise AssertionError(f"{step} stands at the beginning only")
        await connection.writer.drain()
        if connection.is_gone:
            await self._count(hung_up=1)
            return False
        return True

    async def _count(self, *, streaming: int = 0, hung_up: int = 0) -> None:
        async with self._changed:
            self.streaming += streaming
            self.hung_up += hung_up
            self._changed.notify_all()


@asynccontextmanager
async def serve_model(new_wire: Callable[[], WireFormat]) -> AsyncIterator[ModelServer]:
    """Serve one provider on a free port until the block ends."""
    served = ModelServer(new_wire)
    server = await asyncio.start_server(served.serve, "127.0.0.1", 0)
    served.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield served
    finally:
        server.close()
