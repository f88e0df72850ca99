"""What goes to the platform: JSON texts and their WebSocket frames, prebuilt where possible.

Pure functions and tables. Every text made here is ASCII (the quoting escapes the rest, lone
surrogates included), so its length is its size in bytes.
"""

from __future__ import annotations

import json
from json.encoder import encode_basestring_ascii as quote
from typing import Final

PONG: Final = '{"type":"pong"}'

CHUNK_START: Final = '{"type":"agent_response","content":'

_TEXT_FIN: Final = "\x81"  # FIN bit and the text opcode, RFC 6455 section 5.2
_SHORT_HEADERS: Final = tuple(_TEXT_FIN + chr(size) for size in range(126))


def chunk_end(event_id: int | None) -> str:
    """What follows the quoted text in every non-final chunk of a turn."""
    return f',"event_id":{json.dumps(event_id)},"is_final":false}}'


def chunk_text(text: str, end: str) -> str:
    """One non-final `agent_response`; ``end`` comes from `chunk_end`."""
    return f"{CHUNK_START}{quote(text)}{end}"


def final_text(event_id: int | None) -> str:
    """The `agent_response` that ends a turn."""
    return f'{CHUNK_START}"","event_id":{json.dumps(event_id)},"is_final":true}}'


def frame_text(text: str) -> str:
    """An unmasked WebSocket text frame around an ASCII text, each character standing for a byte.

    Encoded as Latin-1 it is what goes on the wire; a batch of frames is joined first and encoded
    once. https://www.rfc-editor.org/rfc/rfc6455#section-5.2
    """
    size = len(text)
    if size < 126:
        return _SHORT_HEADERS[size] + text
    width = 2 if size < 65536 else 8
    marker = "\x7e" if width == 2 else "\x7f"
    return _TEXT_FIN + marker + size.to_bytes(width, "big").decode("latin-1") + text
