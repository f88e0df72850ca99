"""Texts as DynamoDB can hold them: valid UTF-8, of bounded length. Pure."""

from __future__ import annotations

import hashlib
from itertools import takewhile

# A partition key may have 2048 bytes; the platform's ids have about 30.
_MOST_NAME_BYTES = 256
_DIGEST_CHARACTERS = 16
_MOST_BYTES_A_CHARACTER = 4


def make_storable(text: str) -> str:
    """JSON may hold half a surrogate pair, UTF-8 may not, and DynamoDB would refuse the request."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def make_name(text: str) -> str:
    """A short text for a key or a name: one that is too long is cut, and stays distinct."""
    storable = make_storable(text) or "?"
    if len(storable.encode()) <= _MOST_NAME_BYTES:
        return storable
    digest = hashlib.sha256(storable.encode()).hexdigest()[:_DIGEST_CHARACTERS]
    return f"{split_text(storable, _MOST_NAME_BYTES - _DIGEST_CHARACTERS - 1)[0]}~{digest}"


def split_text(text: str, most_bytes: int) -> list[str]:
    """The text in pieces of at most so many bytes of UTF-8, cut between characters."""
    if len(text) * _MOST_BYTES_A_CHARACTER <= most_bytes:
        return [text]
    data = text.encode()
    pieces, start = [], 0
    while len(data) - start > most_bytes:
        end = start + most_bytes
        # A byte 10xxxxxx goes on with a character that began before it.
        while data[end] & 0xC0 == 0x80:
            end -= 1
        pieces.append(data[start:end].decode())
        start = end
    return [*pieces, data[start:].decode()]


def cut_at_redaction(heard: str, told: str) -> str:
    """What was heard of an answer, as far as the answer in its redacted form begins so.

    Of what was taken out of the whole, a part may be nothing that is known as such.
    """
    words, others = heard.split(), told.split()
    pairs = zip(words, others, strict=False)
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    rest, behind = words[same:], others[same : same + 1]
    # The last word may have been heard in part.
    if not rest or (len(rest) == 1 and behind and behind[0].startswith(rest[0])):
        return heard
    return " ".join([*words[:same], *(word for word in behind if "[" in word)])
