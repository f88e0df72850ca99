"""What goes to the platform: JSON texts and their WebSocket frames, prebuilt where possible.

Pure functions and tables. Every text made here is ASCII (the quoting escapes the rest, lone
surrogates included), so its length is its size in bytes.
"""

from __future__ import annotations

from json.encoder import encode_basestring_ascii as quote
from typing import Final

PONG: Final = '{"type":"pong"}'

PING_FRAME: Final = b"\x89\x00"

_CHUNK_START: Final = '{"type":"agent_response","content":'

_TEXT_FIN: Final = "\x81"  # FIN bit and the text opcode, RFC 6455 section 5.2
_SHORT_SIZE: Final = 126
_SHORT_HEADERS: Final = tuple(_TEXT_FIN + chr(size) for size in range(_SHORT_SIZE))


def chunk_end(event_id: int | None) -> str:
    """What follows the quoted text in every non-final chunk of a turn."""
    return f',"event_id":{_id_text(event_id)},"is_final":false}}'


def chunk_text(text: str, end: str) -> str:
    """One non-final `agent_response`; ``end`` comes from `chunk_end`."""
    return f"{_CHUNK_START}{quote(text)}{end}"


def final_text(event_id: int | None) -> str:
    """The `agent_response` that ends a turn."""
    return f'{_CHUNK_START}"","event_id":{_id_text(event_id)},"is_final":true}}'


def chunk_frames(texts: list[str], end: str) -> str:
    """The frames of a turn's next chunks, see `text_frame`. Per chunk, only the text is quoted."""
    start, headers = _CHUNK_START, _SHORT_HEADERS
    if len(texts) == 1:
        text = f"{start}{quote(texts[0])}{end}"
        return headers[len(text)] + text if len(text) < _SHORT_SIZE else text_frame(text)
    fixed_size = len(start) + len(end)
    return "".join(
        [
            f"{headers[size]}{start}{quoted}{end}"
            if (size := fixed_size + len(quoted)) < _SHORT_SIZE
            else text_frame(f"{start}{quoted}{end}")
            for quoted in map(quote, texts)
        ]
    )


def text_frame(text: str) -> str:
    """An unmasked WebSocket text frame around an ASCII text, each character standing for a byte.

    Encoded as Latin-1 it is what goes on the wire: frames are joined first and encoded once.
    https://www.rfc-editor.org/rfc/rfc6455#section-5.2
    """
    size = len(text)
    if size < _SHORT_SIZE:
        return _SHORT_HEADERS[size] + text
    return _TEXT_FIN + _long_size(size) + text


def close_frame(payload: bytes) -> bytes:
    """An unmasked close frame; the payload has 125 bytes at most."""
    return bytes((0x88, len(payload))) + payload


def pong_frame(payload: bytes) -> bytes:
    """An unmasked pong frame; the payload has 125 bytes at most."""
    return bytes((0x8A, len(payload))) + payload


def _id_text(event_id: int | None) -> str:
    return "null" if event_id is None else str(event_id)


def _long_size(size: int) -> str:
    if size <= 0xFFFF:
        return "\x7e" + size.to_bytes(2, "big").decode("latin-1")
    return "\x7f" + size.to_bytes(8, "big").decode("latin-1")
