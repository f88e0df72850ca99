"""The platform's WebSocket frames, put together to messages. Bytes in, events out, no I/O.

Written for this one use: text comes in short frames, and a message over the limit is passed over
without being kept, so that the connection can go on. An idle connection needs no reader, see
`ReaderPool`. https://www.rfc-editor.org/rfc/rfc6455#section-5
"""

from __future__ import annotations

from typing import NamedTuple

_FIN = 0x80
_RSV = 0x70
_MASKED = 0x80
_CONTINUATION, _TEXT, _BINARY, _CLOSE, _PING, _PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
_DATA_OPCODES = frozenset({_CONTINUATION, _TEXT, _BINARY})
_OPCODES = _DATA_OPCODES | {_CLOSE, _PING, _PONG}
_MAX_CONTROL_BYTES = 125
_LENGTH_16 = 126  # the length follows in 16 bits; with 127, in 64
_MAX_LENGTH = (1 << 63) - 1

NORMAL_CLOSURE = 1000
GOING_AWAY = 1001
PROTOCOL_ERROR = 1002
NO_STATUS_RECEIVED = 1005
ABNORMAL_CLOSURE = 1006
POLICY_VIOLATION = 1008
INTERNAL_ERROR = 1011
TRY_AGAIN_LATER = 1013

# RFC 6455 section 7.4 and the codes registered since; 3000 to 4999 are the applications'.
_CODES_ON_THE_WIRE = frozenset({*range(1000, 1004), *range(1007, 1015), *range(3000, 5000)})


class _ViolationError(Exception):
    """The peer broke the protocol; the text says how."""


class Message(NamedTuple):
    """A whole text or binary message."""

    data: bytes


class TooLong(NamedTuple):
    """A message that was not kept."""

    size_bytes: int


class Ping(NamedTuple):
    """To be answered with a pong of the same payload."""

    payload: bytes


class Pong(NamedTuple):
    """A sign of life."""


class Closing(NamedTuple):
    """The peer's close frame, or a violation by it; ``payload`` is that of the close frame due."""

    code: int
    payload: bytes
    is_violation: bool = False


Event = Message | TooLong | Ping | Pong | Closing


class FrameReader:
    """The reading end of one open connection, from the frame it is at."""

    __slots__ = ("_buffer", "_fragments", "_in_message", "_max_bytes", "_size_bytes", "_skip_bytes")

    def __init__(self, max_message_bytes: int) -> None:
        self._max_bytes = max_message_bytes
        self._buffer = bytearray()
        self._skip_bytes = 0
        self._in_message = False
        self._size_bytes = 0
        self._fragments: list[bytes] = []

    @property
    def is_idle(self) -> bool:
        """Whether this reader is between messages, and so as good as a new one."""
        return not (self._buffer or self._in_message or self._skip_bytes)

    def feed(self, data: bytes | memoryview) -> list[Event]:
        """Take in bytes; what they complete. A `Closing` is the last event of a connection."""
        if self.is_idle and len(data) <= self._max_bytes:
            message = _read_short_message(data)
            if message is not None:
                return [message]
        self._buffer += data
        events: list[Event] = []
        try:
            while self._skip() and self._read_frame(events):
                pass
        except _ViolationError as error:
            payload = close_payload(PROTOCOL_ERROR, str(error))
            events.append(Closing(PROTOCOL_ERROR, payload, is_violation=True))
        return events

    def _skip(self) -> bool:
        """Drop what is left of a payload that is too long; whether all of it is gone."""
        if self._skip_bytes:
            dropped = min(self._skip_bytes, len(self._buffer))
            del self._buffer[:dropped]
            self._skip_bytes -= dropped
        return self._skip_bytes == 0

    def _read_frame(self, events: list[Event]) -> bool:
        """Read one frame if its header, and unless it is too long its payload, is there."""
        buffer = self._buffer
        header = _read_header(buffer)
        if header is None:
            return False
        first, start, length = header
        opcode = first & 0x0F
        self._check(first, opcode, length)
        is_data = opcode in _DATA_OPCODES
        if is_data and self._size_bytes + length > self._max_bytes:
            del buffer[:start]
            self._skip_bytes = length
            payload = None
        elif len(buffer) < start + length:
            return False
        else:
            payload = _unmask(buffer[start : start + length], buffer[start - 4 : start])
            del buffer[: start + length]
        if is_data:
            self._add_fragment(payload, length, is_last=bool(first & _FIN), events=events)
        else:
            assert payload is not None, "only data frames are passed over"
            events.append(_read_control(opcode, payload))
        return opcode != _CLOSE

    def _check(self, first: int, opcode: int, length: int) -> None:
        if first & _RSV or opcode not in _OPCODES:
            raise _ViolationError("reserved bits or unknown opcode")
        if opcode not in _DATA_OPCODES:
            if length > _MAX_CONTROL_BYTES or not first & _FIN:
                raise _ViolationError("control frame too long or fragmented")
        elif (opcode == _CONTINUATION) != self._in_message:
            raise _ViolationError("message frames out of order")

    def _add_fragment(
        self, payload: bytes | None, length: int, *, is_last: bool, events: list[Event]
    ) -> None:
        self._size_bytes += length
        if payload is None:
            self._fragments.clear()
        elif payload and self._size_bytes <= self._max_bytes:
            self._fragments.append(payload)
        self._in_message = not is_last
        if is_last:
            events.append(self._take_message())

    def _take_message(self) -> Message | TooLong:
        fragments, self._fragments = self._fragments, []
        size, self._size_bytes = self._size_bytes, 0
        if size > self._max_bytes:
            return TooLong(size)
        return Message(fragments[0] if len(fragments) == 1 else b"".join(fragments))


class ReaderPool:
    """Lends readers to connections that are in the middle of something."""

    def __init__(self, max_message_bytes: int) -> None:
        self._max_message_bytes = max_message_bytes
        self._spare: FrameReader | None = None

    def take(self) -> FrameReader:
        """A reader at the beginning of a message."""
        reader, self._spare = self._spare, None
        return reader or FrameReader(self._max_message_bytes)

    def give_back(self, reader: FrameReader) -> None:
        """Keep one reader for the next taker. It must be idle."""
        self._spare = reader


def close_payload(code: int, reason: str) -> bytes:
    """The payload of a close frame; a reason that is too long is cut."""
    text = reason.encode()[: _MAX_CONTROL_BYTES - 2].decode(errors="ignore").encode()
    return code.to_bytes(2, "big") + text


def _read_short_message(data: bytes | memoryview) -> Message | None:
    """The usual case, in one step: ``data`` is exactly one short, unfragmented text frame."""
    size = len(data)
    if size < 6 or data[0] != _FIN | _TEXT:
        return None
    if data[1] == _MASKED | size - 6 and size < 6 + _LENGTH_16:
        return Message(_unmask(data[6:], data[2:6]))
    if data[1] == _MASKED | _LENGTH_16 and size - 8 == data[2] << 8 | data[3]:
        return Message(_unmask(data[8:], data[4:8]))
    return None


def _read_header(buffer: bytearray) -> tuple[int, int, int] | None:
    """First byte, where the payload starts, its length; None if the header is not whole."""
    if len(buffer) < 2:
        return None
    length = buffer[1] & ~_MASKED
    if not buffer[1] & _MASKED:
        raise _ViolationError("frame is not masked")
    start = 6
    if length >= _LENGTH_16:
        start += 2 if length == _LENGTH_16 else 8
        length = int.from_bytes(buffer[2 : start - 4], "big")
    if len(buffer) < start:
        return None
    if length > _MAX_LENGTH:
        raise _ViolationError("frame length out of range")
    return buffer[0], start, length


def _read_control(opcode: int, payload: bytes) -> Event:
    if opcode == _PING:
        return Ping(payload)
    if opcode == _PONG:
        return Pong()
    return Closing(_read_close_code(payload), payload)


def _read_close_code(payload: bytes) -> int:
    if not payload:
        return NO_STATUS_RECEIVED
    code = int.from_bytes(payload[:2], "big")
    if len(payload) < 2 or code not in _CODES_ON_THE_WIRE:
        raise _ViolationError("invalid close code")
    try:
        payload[2:].decode()
    except UnicodeDecodeError:
        raise _ViolationError("close reason is not UTF-8") from None
    return code


def _unmask(data: bytes | bytearray | memoryview, mask: bytes | bytearray | memoryview) -> bytes:
    # As one long number: the byte order does not matter, and there is no loop in Python.
    size = len(data)
    key = (bytes(mask) * (size // 4 + 1))[:size]
    return (int.from_bytes(data, "little") ^ int.from_bytes(key, "little")).to_bytes(size, "little")
