"""AWS's binary framing of streamed events, written from its description; knows no service.

https://docs.aws.amazon.com/AmazonS3/latest/API/RESTSelectObjectAppendix.html
"""

from __future__ import annotations

import struct
import zlib

_STRING = 7


def encode_message(headers: dict[str, str], payload: bytes) -> bytes:
    """One message: lengths and their CRC, headers, payload, CRC of all that."""
    head = b"".join(_encode_header(name, value) for name, value in headers.items())
    # Both lengths and both checksums take four bytes each.
    prelude = struct.pack("!II", 16 + len(head) + len(payload), len(head))
    prelude += struct.pack("!I", zlib.crc32(prelude))
    message = prelude + head + payload
    return message + struct.pack("!I", zlib.crc32(message))


def _encode_header(name: str, value: str) -> bytes:
    key, text = name.encode(), value.encode()
    return struct.pack("!B", len(key)) + key + struct.pack("!BH", _STRING, len(text)) + text
