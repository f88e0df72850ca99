"""The server byte by byte: fragments, segments, control frames, broken frames, slow readers."""

from __future__ import annotations

import asyncio
import gc
import json
import os
from typing import TYPE_CHECKING, Any

import pytest
from websockets.frames import Opcode

from speech_engine import ConversationMessage, Limits, SpeechEngineSession
from tests.fakes.sockets import (
    PING,
    PONG,
    RawClient,
    chunk,
    encode,
    final,
    init,
    raw_client,
    serving,
    transcript,
    until,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable


async def echo(messages: list[ConversationMessage], session: SpeechEngineSession) -> None:
    await session.send_response(messages[-1].content)


class Errors:
    """An on_error handler that remembers."""

    def __init__(self) -> None:
        self.seen: list[Exception] = []

    def __call__(self, error: Exception, _: Any) -> None:
        self.seen.append(error)


def fragments(frame: dict[str, Any], count: int) -> list[bytes]:
    """Return `frame` as a message of `count` frames."""
    data = json.dumps(frame).encode()
    size = len(data) // count + 1
    pieces = [data[start : start + size] for start in range(0, len(data), size)]
    last = len(pieces) - 1
    return [
        encode(piece, Opcode.TEXT if index == 0 else Opcode.CONT, fin=index == last)
        for index, piece in enumerate(pieces)
    ]


async def test_wire_message_may_come_in_fragments() -> None:
    """A message of several frames is one message, also with control frames in between."""
    async with serving(on_transcript=echo) as server, raw_client(server) as client:
        ping = encode(b"mid", Opcode.PING)
        await client.send(init())
        for piece in fragments(transcript(1, "in pieces"), 5):
            await client.send(piece, ping)
        await client.received(chunk("in pieces", 1), final(1))
        await until(lambda: client.control.count((Opcode.PONG, b"mid")) == 5)


async def test_wire_message_may_have_empty_fragments() -> None:
    """Frames without a byte are legal parts of a message."""
    async with serving(on_transcript=echo) as server, raw_client(server) as client:
        data = json.dumps(transcript(1, "hi")).encode()
        await client.send(
            init(),
            encode(b"", fin=False),
            encode(data, Opcode.CONT, fin=False),
            encode(b"", Opcode.CONT),
        )
        await client.received(chunk("hi", 1), final(1))


async def test_wire_frames_may_share_a_segment() -> None:
    """Several frames in one TCP segment are handled one after the other."""
    async with serving(on_transcript=echo) as server, raw_client(server) as client:
        await client.send(init(), transcript(1, "hi"), PING, PING)
        await client.received(final(1))
        await until(lambda: client.sent.count(PONG) == 2)


async def test_wire_handler_that_never_suspends_answers_before_the_next_frame() -> None:
    """With two transcripts in one segment, the first is answered in full before the second."""
    seen: list[str] = []

    async def on_transcript(
        messages: list[ConversationMessage], session: SpeechEngineSession
    ) -> None:
        seen.append(messages[-1].content)
        await session.send_response(["<", messages[-1].content, ">"])

    async with serving(on_transcript=on_transcript) as server, raw_client(server) as client:
        await client.send(init(), *(transcript(event_id, f"t{event_id}") for event_id in (1, 2, 3)))
        await client.received(final(3))
        assert client.sent == [
            frame
            for event_id in (1, 2, 3)
            for frame in (
                chunk("<", event_id),
                chunk(f"t{event_id}", event_id),
                chunk(">", event_id),
                final(event_id),
            )
        ]
        assert seen == ["t1", "t2", "t3"]


async def test_wire_frames_may_be_split_anywhere() -> None:
    """Frames that arrive cut in two, at whatever byte, are put together."""
    parts = b"".join(
        encode(part) for part in (init(), PING, transcript(1, "a" * 130), transcript(2, "b"))
    )
    async with serving(on_transcript=echo) as server:
        for cut in range(1, len(parts), 7):
            async with raw_client(server) as client:
                await client.send(parts[:cut])
                await asyncio.sleep(0)
                await client.send(parts[cut:])
                await client.received(PONG, chunk("a" * 130, 1), final(1), final(2))


async def test_wire_frames_may_come_byte_by_byte() -> None:
    """A conversation that arrives in single bytes is a conversation."""
    parts = b"".join(encode(part) for part in (init(), PING, transcript(1, "x" * 200)))
    async with serving(on_transcript=echo) as server, raw_client(server) as client:
        for index in range(len(parts)):
            await client.send(parts[index : index + 1])
            await asyncio.sleep(0)
        await client.received(PONG, chunk("x" * 200, 1), final(1))


@pytest.mark.parametrize("size", [0, 1, 64, 125])
async def test_wire_ping_is_answered_with_its_payload(size: int) -> None:
    """A protocol ping gets a pong with the same bytes, also while a handler hangs."""
    payload = os.urandom(size)

    async def hang(*_: Any) -> None:
        await asyncio.Event().wait()

    async with serving(on_transcript=hang) as server, raw_client(server) as client:
        await client.send(init(), transcript(1), encode(payload, Opcode.PING))
        await until(lambda: (Opcode.PONG, payload) in client.control)


async def test_wire_pong_that_nobody_asked_for_is_ignored() -> None:
    """Unsolicited pongs are legal and mean nothing."""
    async with serving() as server, raw_client(server) as client:
        await client.send(encode(b"", Opcode.PONG), encode(b"hey", Opcode.PONG), PING)
        await client.received(PONG)


async def test_wire_binary_frame_is_read_like_text() -> None:
    """A binary frame with JSON is a message, one with junk is an error; neither is the end."""
    errors = Errors()
    async with (
        serving(on_transcript=echo, on_error=errors) as server,
        raw_client(server) as client,
    ):
        await client.send(
            encode(json.dumps(init()), Opcode.BINARY),
            encode(b"\x00\xff\xfe", Opcode.BINARY),
            encode(json.dumps(transcript(1, "hi")), Opcode.BINARY),
        )
        await client.received(chunk("hi", 1), final(1))
        assert len(errors.seen) == 1


async def test_wire_text_frame_that_is_no_utf8_is_told_to_on_error() -> None:
    """Bytes that are no text are junk like any other; the conversation goes on."""
    errors = Errors()
    async with serving(on_error=errors) as server, raw_client(server) as client:
        await client.send(init(), encode(b"\xc3\x28"), PING)
        await client.received(PONG)
        assert len(errors.seen) == 1


@pytest.mark.parametrize("opcode", [Opcode.TEXT, Opcode.BINARY])
@pytest.mark.parametrize("size", [1001, 5000, 300_000])
async def test_wire_frame_that_is_too_long_is_skipped(size: int, opcode: Opcode) -> None:
    """A message over the limit is one error, and the conversation goes on after it."""
    errors = Errors()
    async with (
        serving(on_transcript=echo, on_error=errors, limits=Limits(max_frame_bytes=1000)) as server,
        raw_client(server) as client,
    ):
        await client.send(init(), encode(b"x" * size, opcode), PING, transcript(1, "hi"))
        await client.received(PONG, chunk("hi", 1), final(1))
        assert len(errors.seen) == 1
        assert str(size) in str(errors.seen[0])


async def test_wire_message_whose_fragments_are_too_long_together_is_skipped() -> None:
    """The limit holds for a message, not for its frames alone."""
    errors = Errors()
    async with (
        serving(on_error=errors, limits=Limits(max_frame_bytes=1000)) as server,
        raw_client(server) as client,
    ):
        pieces = fragments(transcript(1, "x" * 5000), 10)
        await client.send(init(), *pieces, PING)
        await client.received(PONG)
        await client.send(*fragments(transcript(2, "x" * 900), 10), PING)
        await until(lambda: client.sent.count(PONG) == 2)
        assert len(errors.seen) == 1


async def test_wire_message_just_within_the_limit_is_read() -> None:
    """A message of exactly the limit's size is no error."""
    frame = json.dumps(transcript(1, "x" * 500))
    async with (
        serving(on_transcript=echo, limits=Limits(max_frame_bytes=len(frame))) as server,
        raw_client(server) as client,
    ):
        await client.send(init(), encode(frame))
        await client.received(chunk("x" * 500, 1), final(1))


async def test_wire_long_history_is_read_by_default() -> None:
    """A transcript of more than a mebibyte, at which the official server gives up, is answered."""
    async with serving(on_transcript=echo) as server, raw_client(server) as client:
        texts = ["x" * 1000] * 1500 + ["hi"]
        await client.send(init(), transcript(1, *texts))
        await client.received(chunk("hi", 1), final(1))


def unmasked() -> bytes:
    return encode(PING, mask=False)


ENDS: dict[str, dict[str, Any] | bytes] = {
    "frame": {"type": "close"},
    "websocket": encode((1000).to_bytes(2, "big"), Opcode.CLOSE),
    "broken": unmasked(),
}


def reserved_bit() -> bytes:
    frame = bytearray(encode(PING))
    frame[0] |= 0x40
    return bytes(frame)


def unknown_opcode() -> bytes:
    frame = bytearray(encode(PING))
    frame[0] = 0x83
    return bytes(frame)


def long_ping() -> bytes:
    frame = bytearray(encode(b"x" * 200))
    frame[0] = 0x89
    return bytes(frame)


def fragmented_ping() -> bytes:
    frame = bytearray(encode(b"x", Opcode.PING))
    frame[0] = 0x09
    return bytes(frame)


def stray_continuation() -> bytes:
    return encode(b"x", Opcode.CONT)


def text_inside_fragments() -> bytes:
    return encode(b"x", fin=False) + encode(b"x")


def close_of_one_byte() -> bytes:
    return encode(b"x", Opcode.CLOSE)


def close_with_a_reserved_code() -> bytes:
    return encode((1005).to_bytes(2, "big"), Opcode.CLOSE)


def close_with_a_reason_that_is_no_text() -> bytes:
    return encode((1000).to_bytes(2, "big") + b"\xff", Opcode.CLOSE)


def close_with_an_impossible_code() -> bytes:
    return encode((99).to_bytes(2, "big"), Opcode.CLOSE)


@pytest.mark.parametrize(
    "make",
    [
        unmasked,
        reserved_bit,
        unknown_opcode,
        long_ping,
        fragmented_ping,
        stray_continuation,
        text_inside_fragments,
        close_of_one_byte,
        close_with_a_reserved_code,
        close_with_an_impossible_code,
        close_with_a_reason_that_is_no_text,
    ],
)
async def test_wire_protocol_error_ends_the_conversation(
    make: Callable[[], bytes], caplog: pytest.LogCaptureFixture
) -> None:
    """What breaks the framing ends the one conversation as an error, without a traceback."""
    codes: list[int | None] = []
    async with (
        serving(
            on_transcript=echo,
            on_disconnect=lambda session: codes.append(session.close_code),
        ) as server,
        raw_client(server) as other,
        raw_client(server) as client,
    ):
        await client.send(init(), transcript(1, "hi"))
        await client.received(final(1))
        await client.send(make())
        await client.closed()
        assert client.close_code in {1002, 1007}
        await client.close()
        await until(lambda: codes)
        await other.send(PING)
        await other.received(PONG)
    assert not [record for record in caplog.records if record.exc_info]


@pytest.mark.parametrize(("code", "told"), [(1000, 1000), (1001, 1001), (4321, 4321)])
async def test_wire_close_is_answered_and_told(code: int, told: int) -> None:
    """A WebSocket close is answered in kind, and on_disconnect sees its code."""
    codes: list[int | None] = []
    async with (
        serving(on_disconnect=lambda session: codes.append(session.close_code)) as server,
        raw_client(server) as client,
    ):
        await client.send(init(), encode(code.to_bytes(2, "big") + b"bye", Opcode.CLOSE))
        await client.ended()
        assert client.close_code == code
        await until(lambda: codes)
        assert codes == [told]
        assert server.conversations == 0


async def test_wire_close_without_a_code_is_answered_without_one() -> None:
    """An empty close frame is as good as any; on_disconnect sees 1005, as the RFC calls it."""
    codes: list[int | None] = []
    async with (
        serving(on_disconnect=lambda session: codes.append(session.close_code)) as server,
        raw_client(server) as client,
    ):
        await client.send(init(), encode(b"", Opcode.CLOSE))
        await client.ended()
        assert (Opcode.CLOSE, b"") in client.control
        await until(lambda: codes)
        assert codes == [1005]


async def test_wire_cut_is_told_as_1006() -> None:
    """A TCP connection that just ends is 1006 for on_disconnect, and its turn is cancelled."""
    codes: list[int | None] = []
    cancelled = asyncio.Event()

    async def hang(*_: Any) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    async with (
        serving(
            on_transcript=hang,
            on_disconnect=lambda session: codes.append(session.close_code),
        ) as server,
        raw_client(server) as client,
    ):
        await client.send(init(), transcript(1), PING)
        await client.received(PONG)
        client.writer.transport.abort()
        await until(lambda: codes)
        assert codes == [1006]
        await asyncio.wait_for(cancelled.wait(), 5)
        assert server.conversations == 0


@pytest.mark.parametrize("close", ["frame", "websocket", "broken"])
async def test_wire_frames_after_the_end_are_not_handled(close: str) -> None:
    """Nothing that comes behind a close frame, of either kind, or behind a violation is handled.

    A message behind a WebSocket close frame means nothing: RFC 6455, 5.5.1.
    """
    calls: list[Any] = []

    async def on_transcript(messages: list[ConversationMessage], _: Any) -> None:
        calls.append(messages[0].content)

    async with serving(
        on_transcript=on_transcript, on_turn_ended=lambda turn, _: calls.append(turn)
    ) as server:
        async with raw_client(server) as client:
            await client.send(init(), ENDS[close], transcript(1, "late"), PING)
            await client.closed()
            await client.send(transcript(2, "later"), PING)
        await until(lambda: server.conversations == 0)
        assert client.close_code == (1002 if close == "broken" else 1000)
        assert client.sent == []
    assert calls == []


@pytest.mark.parametrize("close", ["frame", "websocket", "broken"])
async def test_wire_turn_that_ends_before_its_handler_started_leaves_nothing(close: str) -> None:
    """A transcript with the end right behind it leaves no coroutine that nobody awaited."""
    async with serving(on_transcript=echo) as server, raw_client(server) as client:
        await client.send(init(), transcript(1), ENDS[close])
        await client.closed()
    # A coroutine that was never awaited warns when it is collected, and warnings are errors.
    gc.collect()


async def test_wire_close_frame_of_the_protocol_closes_with_1000() -> None:
    """The platform's close frame makes the server close the socket in good order."""
    async with serving() as server, raw_client(server) as client:
        await client.send(init(), {"type": "close"})
        await client.closed()
        assert client.close_code == 1000
        await client.send(encode((1000).to_bytes(2, "big"), Opcode.CLOSE))
        await client.ended()
        await until(lambda: server.conversations == 0)


async def test_wire_peer_that_ignores_a_close_is_cut_off() -> None:
    """A client that never answers the closing handshake does not hold its place for ever."""
    async with serving() as server, raw_client(server) as client:
        await client.send(init(), {"type": "close"})
        await until(lambda: server.conversations == 0, 10)


async def test_wire_keepalive_pings_and_notices_a_dead_peer() -> None:
    """The server pings by itself; a peer that stays silent is given up, one that answers is not."""
    codes: list[int | None] = []
    async with (
        serving(
            on_disconnect=lambda session: codes.append(session.close_code),
            limits=Limits(keepalive_seconds=0.6),
        ) as server,
        raw_client(server) as alive,
        raw_client(server) as dead,
    ):
        await alive.send(init())
        await dead.send(init())
        answered = 0
        async with asyncio.timeout(10):
            while not codes:
                pings = sum(opcode is Opcode.PING for opcode, _ in alive.control)
                for _ in range(pings - answered):
                    await alive.send(encode(b"", Opcode.PONG))
                answered = pings
                await asyncio.sleep(0.01)
        assert answered >= 1
        assert any(opcode is Opcode.PING for opcode, _ in dead.control)
        await alive.send(PING)
        await alive.received(PONG)
        assert len(codes) == 1


async def test_wire_reader_that_is_slow_makes_the_agent_wait() -> None:
    """A client that does not read holds its agent up: the server's memory stays bounded."""
    produced = 0
    size = 10_000

    async def words() -> AsyncIterator[str]:
        nonlocal produced
        for _ in range(3000):
            produced += 1
            yield "x" * size

    async def on_transcript(_: Any, session: SpeechEngineSession) -> None:
        await session.send_response(words())

    async with (
        serving(on_transcript=on_transcript) as server,
        raw_client(server, reading=False, receive_bytes=4096) as client,
    ):
        await client.send(init(), transcript(1))
        before = -1
        while before != produced:
            before = produced
            await asyncio.sleep(0.2)
        # What the kernels' buffers and one write buffer hold, and no more, has been produced.
        assert 0 < produced < 1000
        client.start_reading()
        await until(lambda: client.sent and client.sent[-1] == final(1), 25)
        assert produced == 3000
        assert len(client.text(1)) == 3000 * size


async def test_wire_reader_that_is_slow_hinders_nobody_else() -> None:
    """While one client does not read, another conversation goes on."""

    async def on_transcript(
        messages: list[ConversationMessage], session: SpeechEngineSession
    ) -> None:
        big = messages[-1].content == "big"
        await session.send_response(["x" * 100_000] * 500 if big else "small")

    async with (
        serving(on_transcript=on_transcript) as server,
        raw_client(server, reading=False, receive_bytes=4096) as slow,
        raw_client(server) as quick,
    ):
        await slow.send(init(), transcript(1, "big"))
        await quick.send(init(), transcript(1, "hi"))
        await quick.received(chunk("small", 1), final(1))


async def test_wire_interruption_of_a_slow_reader_drops_the_rest() -> None:
    """A new turn supersedes one whose agent is waiting for the reader."""

    async def on_transcript(
        messages: list[ConversationMessage], session: SpeechEngineSession
    ) -> None:
        big = messages[-1].content == "big"
        await session.send_response(["x" * 100_000] * 500 if big else "small")

    async with (
        serving(on_transcript=on_transcript) as server,
        raw_client(server, reading=False, receive_bytes=4096) as client,
    ):
        await client.send(init(), transcript(1, "big"))
        await asyncio.sleep(0.2)
        await client.send(transcript(2, "hi"))
        client.start_reading()
        await until(lambda: final(2) in client.sent, 20)
        assert final(1) not in client.sent
        first = client.sent.index(chunk("small", 2))
        assert all(frame["event_id"] == 2 for frame in client.sent[first:])


async def test_wire_reader_that_floods_pings_without_reading_is_cut_off() -> None:
    """Replies that nobody reads do not pile up for ever."""
    async with (
        serving() as server,
        raw_client(server, reading=False, receive_bytes=4096) as client,
    ):
        ping = encode(b"x" * 125, Opcode.PING) * 1000

        async def flood() -> None:
            while True:
                await client.send(ping)

        flooding = asyncio.create_task(flood())
        await until(lambda: server.conversations == 0, 20)
        flooding.cancel()
        await asyncio.wait([flooding])


async def test_wire_chunks_of_one_pass_leave_in_order() -> None:
    """Many small chunks of several conversations arrive complete and in order."""
    words = [f"w{index} " for index in range(500)]

    async def on_transcript(_: Any, session: SpeechEngineSession) -> None:
        await session.send_response(words)

    async def talk(client: RawClient) -> None:
        await client.send(init(), transcript(1))
        await client.received(final(1))
        assert [frame["content"] for frame in client.answers(1)] == [*words, ""]

    async with (
        serving(on_transcript=on_transcript) as server,
        raw_client(server) as one,
        raw_client(server) as two,
        raw_client(server) as three,
    ):
        await asyncio.gather(talk(one), talk(two), talk(three))


@pytest.mark.parametrize("size", [1, 60, 61, 62, 63, 64, 125, 126, 65_000, 65_536, 200_000])
async def test_wire_answer_of_any_length_is_framed_right(size: int) -> None:
    """Frames of every length class of the protocol arrive whole, in ASCII and beyond."""

    async def on_transcript(_: Any, session: SpeechEngineSession) -> None:
        await session.send_response(["x" * size, "é😀" * (size // 2 + 1)])

    async with serving(on_transcript=on_transcript) as server, raw_client(server) as client:
        await client.send(init(), transcript(1))
        await client.received(chunk("x" * size, 1), chunk("é😀" * (size // 2 + 1), 1), final(1))
