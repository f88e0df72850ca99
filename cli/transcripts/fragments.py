"""Items out of the numbered parts that the server has printed them in. Pure.

A part has `of` (conversation/item), `part` of `parts`, `digest` (the first 16 hexadecimal digits
of the SHA-256 of the item's JSON) and `data`, a piece of that JSON. Parts with the same `of` and
`digest` belong together.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from typing import Any

Item = dict[str, str | int]

_MOST_PARTS = 100_000
_DIGEST = re.compile(r"[0-9a-f]{16}")
_KEY = re.compile(r"head|message#\d{12}#\d{4,}(#part#\d{4,})?", re.ASCII)


class Malformed(Exception):
    """What was printed can't be an item. The message says why and quotes no transcript."""


@dataclass(slots=True)
class _Pieces:
    parts: int
    data: dict[int, str] = field(default_factory=dict)


class Joiner:
    """Takes parts in any order, repeated or not, and keeps those of unfinished items alone."""

    def __init__(self) -> None:
        self._pieces: dict[tuple[str, str], _Pieces] = {}
        self._done: set[tuple[str, str]] = set()

    def add(self, fields: dict[str, Any]) -> Item | None:
        """Take a part; returns the item when it is whole for the first time. Raises Malformed."""
        of, digest, data = (_read_text(fields, name) for name in ("of", "digest", "data"))
        part, parts = (_read_number(fields, name) for name in ("part", "parts"))
        if not _DIGEST.fullmatch(digest) or part > parts:
            raise Malformed("digest or part numbers can't be")
        key = (of, digest)
        if key in self._done:
            return None
        pieces = self._pieces.setdefault(key, _Pieces(parts))
        if pieces.parts != parts or pieces.data.setdefault(part, data) != data:
            raise Malformed(f"contradicts an earlier part of {of}")
        if len(pieces.data) < parts:
            return None
        del self._pieces[key]
        self._done.add(key)
        return _parse(of, digest, "".join(pieces.data[n] for n in range(1, parts + 1)))

    def list_unfinished(self) -> list[str]:
        """One line for each item whose parts have not all come."""
        return [
            f"{of}: {len(pieces.data)} of {pieces.parts} parts are in the log"
            for (of, _), pieces in self._pieces.items()
        ]


def _read_text(fields: dict[str, Any], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str):
        raise Malformed(f"{name} is missing, or no text")
    return value


def _read_number(fields: dict[str, Any], name: str) -> int:
    value = fields.get(name)
    if type(value) is not int or not 1 <= value <= _MOST_PARTS:
        raise Malformed(f"{name} is missing, or no number that can be")
    return value


def _parse(of: str, digest: str, text: str) -> Item:
    if hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[: len(digest)] != digest:
        raise Malformed(f"the digest of {of} is not its data's: the line was changed, or cut")
    try:
        item = json.loads(text)
    except (ValueError, RecursionError):
        raise Malformed(f"the data of {of} is no JSON") from None
    if not isinstance(item, dict) or not all(type(value) in (str, int) for value in item.values()):
        raise Malformed(f"the data of {of} is no item of texts and numbers")
    key = item.get("item")
    if of != f"{item.get('conversation')}/{key}" or not _KEY.fullmatch(str(key)):
        raise Malformed(f"the data of {of} has another key, or none that the log has")
    if type(item.get("expires_at")) is not int:
        raise Malformed(f"the data of {of} has no expires_at")
    return item
