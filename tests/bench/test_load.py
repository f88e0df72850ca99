from __future__ import annotations

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING, Any

from websockets.asyncio.server import serve

from bench.load import Load, Target

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from websockets.asyncio.server import ServerConnection

    from bench.load import Conversation

    Answer = Callable[[ServerConnection, int], Awaitable[None]]

CHUNKS = 3


def response(event_id: int, *, is_final: bool = False) -> str:
    """Return one `agent_response` frame's text."""
    content = "" if is_final else "word "
    fields = {"content": content, "event_id": event_id, "is_final": is_final}
    return json.dumps({"type": "agent_response"} | fields)


async def answer_well(socket: ServerConnection, event_id: int) -> None:
    """Send what was promised."""
    for _ in range(CHUNKS):
        await socket.send(response(event_id))
    await socket.send(response(event_id, is_final=True))


@contextlib.asynccontextmanager
async def server_that(answer: Answer) -> AsyncIterator[Target]:
    """Run a server that deals with each transcript as `answer` says."""

    async def handle(socket: ServerConnection) -> None:
        async for frame in socket:
            message: dict[str, Any] = json.loads(frame)
            if message["type"] == "user_transcript":
                await answer(socket, message["event_id"])

    async with serve(handle, "127.0.0.1", 0) as server:
        yield Target(server.sockets[0].getsockname()[1], CHUNKS)


async def ask_once(load: Load, count: int = 1) -> None:
    """Have one turn in `count` conversations, and close them."""
    await load.open(count)
    for conversation in load.conversations:
        conversation.ask()
    await load.drain()
    await load.close()


async def test_load_counts_whole_answers() -> None:
    """Every chunk and answer is counted once, every first chunk is timed, nothing is a fault."""
    async with server_that(answer_well) as target:
        load = Load(target)
        await ask_once(load, 20)
    assert (load.tally.chunks, load.tally.answers) == (20 * CHUNKS, 20)
    assert len(load.tally.first_chunk_ns) == 20
    assert not load.faults()
    assert load.is_deflated()


async def test_load_reports_a_short_answer() -> None:
    """A final frame after too few chunks is a fault, not an answer like another."""

    async def answer(socket: ServerConnection, event_id: int) -> None:
        await socket.send(response(event_id))
        await socket.send(response(event_id, is_final=True))

    async with server_that(answer) as target:
        load = Load(target)
        await ask_once(load)
    assert load.faults() == {"an answer of 1 chunks, not 3": 1}


async def test_load_reports_a_second_final() -> None:
    """An answer that ends twice is a fault."""

    async def answer(socket: ServerConnection, event_id: int) -> None:
        await answer_well(socket, event_id)
        await socket.send(response(event_id, is_final=True))

    async with server_that(answer) as target:
        load = Load(target)
        await ask_once(load)
    assert load.faults() == {"a second final frame": 1}


async def test_load_reports_a_dropped_conversation() -> None:
    """A socket closed in the middle of an answer ends the wait and is a fault."""

    async def answer(socket: ServerConnection, event_id: int) -> None:
        await socket.send(response(event_id))
        socket.transport.abort()

    async with server_that(answer) as target:
        load = Load(target)
        await ask_once(load)
    (fault,) = load.faults()
    assert "dropped the conversation" in fault


async def test_load_tells_stale_chunks_from_late_ones() -> None:
    """Old chunks count as stale only after the new turn's first chunk."""

    async def answer(socket: ServerConnection, event_id: int) -> None:
        if event_id == 1:
            await socket.send(response(1))
            return
        await socket.send(response(1))
        await socket.send(response(2))
        await socket.send(response(1))
        await socket.send(response(1))
        await socket.send(response(2))
        await socket.send(response(2))
        await socket.send(response(2, is_final=True))

    def interrupt(conversation: Conversation) -> None:
        if conversation.chunks == 1 and not load.tally.interruptions:
            interruptions.append(conversation)
            if len(interruptions) == 1:
                conversation.ask()

    interruptions: list[Conversation] = []
    async with server_that(answer) as target:
        load = Load(target, after_chunk=interrupt)
        await ask_once(load)
    assert load.stale_chunks() == 2
    assert (len(load.tally.first_chunk_ns), len(load.tally.interruption_ns)) == (1, 1)
    assert not load.faults()


async def test_load_answers_pings_and_closes_cleanly() -> None:
    """The load behaves as a client: a server's ping gets its pong."""
    ponged = asyncio.Event()

    async def answer(socket: ServerConnection, event_id: int) -> None:
        await answer_well(socket, event_id)
        pong = await socket.ping()
        pong_task.append(asyncio.ensure_future(wait_for(pong)))

    async def wait_for(pong: Awaitable[float]) -> None:
        await pong
        ponged.set()

    pong_task: list[asyncio.Task[None]] = []
    async with server_that(answer) as target:
        load = Load(target)
        await load.open(1)
        load.conversations[0].ask()
        async with asyncio.timeout(5):
            await ponged.wait()
        await load.close()
    assert not load.faults()


async def test_load_keeps_tallies_apart() -> None:
    """A window's tally holds its own chunks only; faults and stale chunks of all are summed."""
    async with server_that(answer_well) as target:
        load = Load(target)
        await load.open(1)
        load.conversations[0].ask()
        await load.drain()
        window = load.start_tally()
        load.conversations[0].ask()
        await load.drain()
        await load.close()
    assert (window.chunks, window.answers) == (CHUNKS, 1)
