"""The WebSocket byte stream on `websockets`' Sans-I/O protocol: frames in, control frames out.

https://websockets.readthedocs.io/en/stable/howto/sansio.html
"""

from __future__ import annotations

from collections.abc import Generator

from websockets.exceptions import ProtocolError
from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN, SERVER, Protocol
from websockets.streams import StreamReader

_DATA_OPCODES = (Opcode.TEXT, Opcode.BINARY, Opcode.CONT)


class _BoundedReader(StreamReader):
    """Reads frames like its base, but a payload over the limit is passed over, not kept."""

    def __init__(self, max_bytes: int) -> None:
        super().__init__()
        self.max_bytes = max_bytes
        self._skipped_bytes = 0

    def take_skipped_bytes(self) -> int:
        """The size of the last payload if it was too long, once; else 0."""
        skipped, self._skipped_bytes = self._skipped_bytes, 0
        return skipped

    def read_exact(self, n: int) -> Generator[None, None, bytearray]:
        if n <= self.max_bytes:
            return (yield from super().read_exact(n))
        self._skipped_bytes = n
        while n > len(self.buffer):
            n -= len(self.buffer)
            self.buffer.clear()
            if self.eof:
                raise EOFError("stream ends inside a frame that is too long")
            yield
        del self.buffer[:n]
        return bytearray()


Message = bytes | bytearray | memoryview | ValueError
"""A complete message, or what to say of one that was too long to be kept."""

_MAX_CONTROL_BYTES = 125  # RFC 6455 section 5.5


class FrameParser(Protocol):
    """The server's end of an open WebSocket connection: puts messages together from frames.

    Between messages it holds nothing of its connection, so an idle connection has none: see
    `ParserPool`.
    """

    def __init__(self, max_message_bytes: int) -> None:
        super().__init__(SERVER, state=OPEN, max_size=None)
        # Made anew, since the base class has already started its parser on its own reader.
        self._bounded_reader = _BoundedReader(max(max_message_bytes, _MAX_CONTROL_BYTES))
        self.reader = self._bounded_reader
        self.parser = self.parse()
        next(self.parser)
        self._messages: list[Message] = []
        self._fragments: list[bytes | bytearray | memoryview] = []
        self._message_bytes = 0
        self.has_pong = False

    def feed(self, data: bytes | bytearray | memoryview) -> list[Message]:
        """Take in bytes; the messages that they complete. Then see `data_to_send`."""
        self.receive_data(data)  # type: ignore[arg-type]
        self.events.clear()
        messages, self._messages = self._messages, []
        return messages

    @property
    def is_between_messages(self) -> bool:
        """Whether this parser is as good as a new one."""
        return self.state is OPEN and not self.reader.buffer and self.current_size is None

    def recv_frame(self, frame: Frame) -> None:
        """Called by the base class for each frame; raises ProtocolError to fail the connection."""
        skipped_bytes = self._bounded_reader.take_skipped_bytes()
        if skipped_bytes and frame.opcode not in _DATA_OPCODES:
            raise ProtocolError("control frame too long")
        super().recv_frame(frame)
        if frame.opcode is Opcode.PONG:
            self.has_pong = True
        elif frame.opcode in _DATA_OPCODES:
            self._add_fragment(frame, skipped_bytes or len(frame.data))

    def _add_fragment(self, frame: Frame, size: int) -> None:
        self._message_bytes += size
        if self._message_bytes > self._bounded_reader.max_bytes:
            self._fragments.clear()
        else:
            self._fragments.append(frame.data)
        if frame.fin:
            self._messages.append(self._take_message())

    def _take_message(self) -> Message:
        fragments, self._fragments = self._fragments, []
        size, self._message_bytes = self._message_bytes, 0
        limit = self._bounded_reader.max_bytes
        if size > limit:
            return ValueError(f"skipped a message of {size} bytes: the limit is {limit}")
        return fragments[0] if len(fragments) == 1 else b"".join(fragments)


class ParserPool:
    """Lends parsers to connections that are in the middle of something: 5 kB an idle one saved."""

    def __init__(self, max_message_bytes: int) -> None:
        self._max_message_bytes = max_message_bytes
        self._spare: FrameParser | None = None

    def take(self) -> FrameParser:
        """A parser at the beginning of a frame."""
        parser, self._spare = self._spare, None
        return parser or FrameParser(self._max_message_bytes)

    def give_back(self, parser: FrameParser) -> None:
        """Keep one parser for the next taker. It must be between messages."""
        self._spare = parser
