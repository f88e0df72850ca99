"""The frame reader against the `websockets` library's own protocol as an oracle."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import SERVER, Protocol

from speech_engine.wire import Closing, FrameReader, Message, Ping, Pong, TooLong, close_payload

LIMIT_BYTES = 70_000

CONTROL = st.sampled_from([Opcode.PING, Opcode.PONG])
CLOSE = st.one_of(
    st.just(b""),
    st.binary(max_size=8),
    st.builds(
        lambda code, reason: code.to_bytes(2, "big") + reason.encode(),
        st.integers(0, 5000),
        st.text(max_size=20),
    ),
)


def encode(opcode: int, data: bytes, *, fin: bool = True) -> bytes:
    """Return a masked frame as a client sends it."""
    return Frame(Opcode(opcode), data, fin).serialize(mask=True)


@st.composite
def streams(draw: st.DrawFn) -> bytes:
    """Make a stream of legal frames in pieces, with control frames in between, cut anywhere."""
    frames = []
    for data in draw(st.lists(st.binary(max_size=300), max_size=5)):
        cut = draw(st.integers(0, len(data)))
        opcode = draw(st.sampled_from([Opcode.TEXT, Opcode.BINARY]))
        if draw(st.booleans()):
            frames += [encode(opcode, data[:cut], fin=False)]
            frames += [encode(draw(CONTROL), data[:125])]
            frames += [encode(Opcode.CONT, data[cut:])]
        else:
            frames += [encode(opcode, data)]
    if draw(st.booleans()):
        frames += [encode(Opcode.CLOSE, draw(CLOSE))]
    unfinished = encode(Opcode.TEXT, draw(st.binary(max_size=200)))
    frames += [unfinished[: draw(st.integers(0, len(unfinished) - 1))]]
    return b"".join(frames)


def read_with_websockets(stream: bytes) -> list[Any]:
    """Return what the library makes of a stream, in the reader's words."""
    protocol = Protocol(SERVER, max_size=None)
    protocol.receive_data(stream)
    seen: list[Any] = []
    parts: list[bytes] = []
    for event in protocol.events_received():
        assert isinstance(event, Frame)
        if event.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            parts.append(bytes(event.data))
            if event.fin:
                seen.append(Message(b"".join(parts)))
                parts.clear()
        elif event.opcode is Opcode.PING:
            seen.append(Ping(bytes(event.data)))
        elif event.opcode is Opcode.PONG:
            seen.append(Pong())
    closing = protocol.close_sent or protocol.close_rcvd
    return [*seen, *([closing.code] if closing else [])]


def read_with_reader(stream: bytes, piece_size: int) -> list[Any]:
    """Return what the reader makes of a stream that comes in pieces."""
    reader = FrameReader(LIMIT_BYTES)
    seen: list[Any] = []
    for start in range(0, len(stream), piece_size):
        for event in reader.feed(memoryview(stream[start : start + piece_size])):
            if isinstance(event, Closing):
                return [*seen, event.code]
            seen.append(event)
    return seen


@given(streams(), st.integers(1, 400))
def test_reader_agrees_with_websockets(stream: bytes, piece_size: int) -> None:
    """Messages, control frames and how a stream ends are the same, however it is cut in pieces."""
    theirs = read_with_websockets(stream)
    ours = read_with_reader(stream, piece_size)
    # A close reason that is no UTF-8 is 1007 there and the plainer 1002 here.
    if theirs and theirs[-1] == CloseCode.INVALID_DATA:
        theirs[-1] = CloseCode.PROTOCOL_ERROR
    assert ours == theirs


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, LIMIT_BYTES])
def test_reader_reads_every_length(size: int) -> None:
    """All three ways to write a length are understood."""
    assert FrameReader(LIMIT_BYTES).feed(encode(Opcode.TEXT, b"x" * size)) == [Message(b"x" * size)]


@pytest.mark.parametrize("size", [11, 130])
def test_reader_holds_short_messages_to_the_limit(size: int) -> None:
    """A limit below the usual sizes holds, too."""
    assert FrameReader(10).feed(encode(Opcode.TEXT, b"x" * size)) == [TooLong(size)]


def test_reader_stops_at_a_close_frame() -> None:
    """What follows a close frame is not read."""
    stream = encode(Opcode.CLOSE, b"\x03\xe8") + encode(Opcode.TEXT, b"late")
    assert FrameReader(LIMIT_BYTES).feed(stream) == [Closing(1000, b"\x03\xe8")]


@pytest.mark.parametrize("piece_size", [1, 7, 100_000])
def test_reader_passes_over_what_is_too_long(piece_size: int) -> None:
    """A message over the limit is counted, not kept, and the next one is read."""
    stream = encode(Opcode.TEXT, b"x" * (LIMIT_BYTES + 1)) + encode(Opcode.TEXT, b"y")
    assert read_with_reader(stream, piece_size) == [TooLong(LIMIT_BYTES + 1), Message(b"y")]


def test_reader_keeps_nothing_of_what_is_too_long() -> None:
    """While a frame of a gigabyte arrives, no byte of it is held."""
    reader = FrameReader(LIMIT_BYTES)
    header = bytes([0x81, 0xFF]) + (1 << 30).to_bytes(8, "big") + b"mask"
    assert reader.feed(header + b"x" * 10_000) == [TooLong(1 << 30)]
    assert reader.feed(b"x" * 10_000) == []
    assert len(reader._buffer) == 0
    assert not reader.is_idle


def test_reader_counts_fragments_together() -> None:
    """Fragments that are too long only together are passed over as one message."""
    half = b"x" * (LIMIT_BYTES // 2 + 1)
    stream = encode(Opcode.TEXT, half, fin=False) + encode(Opcode.CONT, half)
    assert read_with_reader(stream, 1000) == [TooLong(len(half) * 2)]


@pytest.mark.parametrize(
    "frame",
    [
        b"\x81\x01x",
        b"\xc1\x80mask",
        b"\x83\x80mask",
        b"\x80\x80mask",
        b"\x09\x80mask",
        b"\x89\xfe\x00\x7emask",
        b"\x81\xff" + b"\xff" * 8 + b"mask",
        b"\x01\x80mask\x81\x80mask",
        encode(Opcode.PING, b"")[:1] + b"\x00",
    ],
    ids=[
        "unmasked",
        "rsv",
        "opcode",
        "continuation",
        "fragment",
        "long",
        "length",
        "order",
        "bare",
    ],
)
def test_reader_reports_violations(frame: bytes) -> None:
    """Each breach of RFC 6455 ends the stream with 1002 and a close frame to answer it."""
    (closing,) = FrameReader(LIMIT_BYTES).feed(frame)
    assert isinstance(closing, Closing)
    assert closing.is_violation
    assert closing.payload[:2] == int(CloseCode.PROTOCOL_ERROR).to_bytes(2, "big")


def test_close_payload_cuts_a_long_reason_between_characters() -> None:
    """The payload of a close frame has 125 bytes at most and stays UTF-8."""
    payload = close_payload(1001, "é" * 100)
    assert len(payload) <= 125
    assert payload[2:].decode() == "é" * 61
