from __future__ import annotations

import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.protocol import Protocol, Side

from bench import frames


def server_frame(payload: bytes, first: int = frames.WHOLE_TEXT) -> bytes:
    """Return an unmasked frame as a server sends it."""
    if len(payload) < 126:
        return bytes([first, len(payload)]) + payload
    if len(payload) < 1 << 16:
        return bytes([first, 126]) + len(payload).to_bytes(2, "big") + payload
    return bytes([first, 127]) + len(payload).to_bytes(8, "big") + payload


def deflated_frames(*messages: bytes, keeps_context: bool) -> bytes:
    """Return compressed frames as RFC 7692 describes them."""
    stream, wire = zlib.compressobj(wbits=-12), b""
    for message in messages:
        packed = stream.compress(message) + stream.flush(zlib.Z_SYNC_FLUSH)
        wire += server_frame(packed[:-4], frames.WHOLE_TEXT | frames.DEFLATED_BIT)
        if not keeps_context:
            stream = zlib.compressobj(wbits=-12)
    return wire


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536])
def test_client_frame_is_read_by_a_real_server(size: int) -> None:
    """A frame of any length class reaches the websockets library's own parser unharmed."""
    payload = bytes(number % 251 for number in range(size))
    server = Protocol(Side.SERVER)
    server.receive_data(frames.client_frame(frames.TEXT, payload))
    assert server.events_received() == [Frame(Opcode.TEXT, payload)]


def test_mask_follows_the_rfc_example() -> None:
    """RFC 6455, 5.7: "Hello" under its key gives the bytes printed there."""
    assert frames.mask(b"Hello", bytes.fromhex("37fa213d")) == bytes.fromhex("7f9f4d5158")


@given(
    payloads=st.lists(st.binary(max_size=300), max_size=8),
    cuts=st.lists(st.integers(min_value=1, max_value=40), min_size=1, max_size=60),
)
def test_scanner_reads_the_same_however_the_stream_is_cut(
    payloads: list[bytes], cuts: list[int]
) -> None:
    """Messages do not depend on how TCP splits the bytes."""
    rest = b"".join(server_frame(payload) for payload in payloads)
    scanner, found = frames.FrameScanner(), []
    for cut in cuts:
        found += scanner.feed(rest[:cut])
        rest = rest[cut:]
    found += scanner.feed(rest)
    assert found == [(frames.TEXT, payload) for payload in payloads]


def test_scanner_reads_a_frame_of_64_bit_length() -> None:
    """A frame beyond 64 KiB is one message."""
    payload = b"x" * 70_000
    assert frames.FrameScanner().feed(server_frame(payload)) == [(frames.TEXT, payload)]


def test_scanner_joins_fragments_around_a_ping() -> None:
    """A control frame between fragments is delivered and does not disturb them."""
    wire = (
        server_frame(b"one ", frames.TEXT)
        + server_frame(b"ping", frames.FINAL_BIT | frames.PING)
        + server_frame(b"two", frames.FINAL_BIT | frames.CONTINUATION)
    )
    assert frames.FrameScanner().feed(wire) == [(frames.PING, b"ping"), (frames.TEXT, b"one two")]


@pytest.mark.parametrize("keeps_context", [True, False])
def test_scanner_inflates_what_was_agreed(*, keeps_context: bool) -> None:
    """Compressed messages are read with the context kept or dropped, as negotiated."""
    messages = (b'{"content":"one "}', b'{"content":"two "}', b'{"content":"two "}')
    wire = deflated_frames(*messages, keeps_context=keeps_context)
    scanner = frames.FrameScanner(frames.Inflater(keeps_context=keeps_context))
    assert [message for _, message in scanner.feed(wire)] == list(messages)


@pytest.mark.parametrize(
    ("wire", "reason"),
    [
        (server_frame(b"x", frames.WHOLE_TEXT | 0x20), "reserved bit"),
        (bytes([frames.WHOLE_TEXT, 0x81]) + b"keyyx", "masked"),
        (server_frame(b"x", frames.FINAL_BIT), "without a first fragment"),
        (server_frame(b"x", frames.TEXT) * 2, "inside a fragmented one"),
        (server_frame(b"x", frames.WHOLE_TEXT | frames.DEFLATED_BIT), "not agreed"),
    ],
)
def test_scanner_refuses_a_broken_stream(wire: bytes, reason: str) -> None:
    """A stream that breaks the RFC raises instead of being miscounted."""
    with pytest.raises(ValueError, match=reason):
        frames.FrameScanner().feed(wire)


@pytest.mark.parametrize("is_final", [True, False])
@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")])
@pytest.mark.parametrize("order", [("content", "event_id", "is_final"), ("is_final", "event_id")])
def test_response_is_read_in_any_spelling(
    separators: tuple[str, str], order: tuple[str, ...], *, is_final: bool
) -> None:
    """Spaces, order of keys, and a content that quotes the field names change nothing."""
    fields = {"content": 'x "event_id": 9', "event_id": 7, "is_final": is_final}
    message = {"type": "agent_response"} | {name: fields[name] for name in order}
    payload = json.dumps(message, separators=separators).encode()
    assert frames.read_response(payload) == (7, is_final)


@pytest.mark.parametrize("payload", [b'{"type":"pong"}', b'{"type":"other","event_id":1}'])
def test_response_is_none_for_other_messages(payload: bytes) -> None:
    """Only `agent_response` counts."""
    assert frames.read_response(payload) is None
