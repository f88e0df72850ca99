"""Owns WebSocket framing on the client's side: masked frames out, scanned frames in.

Follows RFC 6455 and RFC 7692. Knows nothing of sockets, clocks or the Speech Engine protocol.
"""

from __future__ import annotations

import json
import os
import zlib
from functools import lru_cache
from typing import NamedTuple

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
FINAL_BIT, DEFLATED_BIT, RESERVED_BITS, OPCODE_BITS, MASK_BIT = 0x80, 0x40, 0x30, 0x0F, 0x80
WHOLE_TEXT = FINAL_BIT | TEXT
DEFLATE_TAIL = b"\x00\x00\xff\xff"


def client_frame(opcode: int, payload: bytes) -> bytes:
    """Return one whole, masked frame."""
    key = os.urandom(4)
    return bytes([FINAL_BIT | opcode]) + _masked_length(len(payload)) + key + mask(payload, key)


def mask(payload: bytes, key: bytes) -> bytes:
    """Return `payload` with the four-byte `key` applied (RFC 6455, 5.3)."""
    size = len(payload)
    repeated = (key * (size // 4 + 1))[:size]
    mixed = int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")
    return mixed.to_bytes(size, "big")


def _masked_length(size: int) -> bytes:
    if size < 126:
        return bytes([MASK_BIT | size])
    if size < 1 << 16:
        return bytes([MASK_BIT | 126]) + size.to_bytes(2, "big")
    return bytes([MASK_BIT | 127]) + size.to_bytes(8, "big")


class Inflater:
    """Inflates the messages of one connection (RFC 7692, 7.2.2)."""

    def __init__(self, *, keeps_context: bool = True) -> None:
        self._keeps_context = keeps_context
        self._stream = zlib.decompressobj(-zlib.MAX_WBITS)

    def inflate(self, payload: bytes) -> bytes:
        """Return the plain message."""
        message = self._stream.decompress(payload + DEFLATE_TAIL)
        if not self._keeps_context:
            self._stream = zlib.decompressobj(-zlib.MAX_WBITS)
        return message


class FrameScanner:
    """Turns one server's byte stream into messages: (opcode, plain payload) pairs.

    Raises ValueError where the stream breaks the RFC, so that a miscount cannot pass for a result.
    """

    def __init__(self, inflater: Inflater | None = None) -> None:
        self._inflater = inflater
        self._rest = b""
        self._fragments: list[bytes] = []
        self._first_of_fragments = 0

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """Return the messages that `data` completes, control frames among them."""
        stream = self._rest + data if self._rest else data
        size, position = len(stream), 0
        messages: list[tuple[int, bytes]] = []
        while position + 2 <= size:
            first, length, start = stream[position], stream[position + 1], position + 2
            if length > 125:
                length, start = _extended_length(stream, position)
            end = start + length
            if end > size:
                break
            payload, position = stream[start:end], end
            if first == WHOLE_TEXT:
                messages.append((TEXT, payload))
            else:
                messages.extend(self._read_other(first, payload))
        self._rest = stream[position:]
        return messages

    def _read_other(self, first: int, payload: bytes) -> list[tuple[int, bytes]]:
        if first & RESERVED_BITS:
            raise ValueError(f"reserved bit set in frame header {first:#04x}")
        opcode = first & OPCODE_BITS
        if opcode >= CLOSE:
            return [(opcode, payload)]
        if opcode == CONTINUATION and not self._fragments:
            raise ValueError("continuation without a first fragment")
        if opcode != CONTINUATION:
            if self._fragments:
                raise ValueError("a new message inside a fragmented one")
            self._first_of_fragments = first
        self._fragments.append(payload)
        return [self._join_fragments()] if first & FINAL_BIT else []

    def _join_fragments(self) -> tuple[int, bytes]:
        message, first = b"".join(self._fragments), self._first_of_fragments
        self._fragments.clear()
        if first & DEFLATED_BIT:
            if self._inflater is None:
                raise ValueError("a deflated frame although deflate was not agreed")
            message = self._inflater.inflate(message)
        return first & OPCODE_BITS, message


def _extended_length(stream: bytes, position: int) -> tuple[int, int]:
    """Return payload length and start; both past the stream's end if the header is incomplete."""
    code = stream[position + 1]
    if code & MASK_BIT:
        raise ValueError("a server's frame must not be masked")
    start = position + (4 if code == 126 else 10)
    if start > len(stream):
        return 0, start
    return int.from_bytes(stream[position + 2 : start], "big"), start


class Response(NamedTuple):
    """What the benchmark counts in an `agent_response` frame."""

    event_id: int
    is_final: bool


def read_response(payload: bytes) -> Response | None:
    """Return id and finality of an `agent_response`, None for any other message."""
    tail = fields_after_content(payload)
    return (_read_tail(tail) or _read_whole(payload)) if tail else None


def fields_after_content(payload: bytes) -> bytes:
    """Return the end of an `agent_response`: the same bytes in each chunk of a turn.

    A content that holds the name itself does not disturb: its quotes are escaped.
    """
    _, name, fields = payload.rpartition(b'"event_id"')
    return name + fields


@lru_cache(maxsize=4096)
def _read_tail(tail: bytes) -> Response | None:
    """Read a response by its end, if `is_final` stands there too."""
    try:
        fields = json.loads(b"{" + tail)
        return Response(fields["event_id"], fields["is_final"])
    except (ValueError, KeyError):
        return None


def _read_whole(payload: bytes) -> Response | None:
    message = json.loads(payload)
    if message.get("type") != "agent_response":
        return None
    return Response(message["event_id"], message.get("is_final", False))
