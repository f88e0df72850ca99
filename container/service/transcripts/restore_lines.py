"""Items that could not be written, as lines of the log from which they can be restored.

An item's JSON text is cut into fragments, one a line: joined by `part`, those with the same `of`
and `digest` are the text again. The text is the item's only copy then, and it is redacted as the
table's would be.
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
import threading
import time
from typing import TYPE_CHECKING, Any

from service.logs import FOR_PROGRAMS
from service.transcripts.entries import decode
from service.transcripts.standard_output import SURE_BYTES, drop_what_nobody_reads, is_ready

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from service.transcripts.entries import Entry
    from service.transcripts.items import Item

logger = logging.getLogger("service.transcripts")

LONGEST_LINE_BYTES = SURE_BYTES
"""What can be written without waiting; Docker cuts lines at 16 KB only."""
# The line is JSON as well, in which a character of the fragment takes two bytes at most: it is
# ASCII without control characters. The line's other fields take less than the 2,096 bytes left.
_FRAGMENT_CHARACTERS = 1_000
_DIGEST_CHARACTERS = 16


_LOOK_SECONDS = 0.05


class RestorePrinter:
    """Prints entries while standard output takes them. Its methods may be called by any thread."""

    def __init__(self) -> None:
        self._line = threading.Lock()
        self._deadline = math.inf
        self._is_stuck = False
        self._lost = 0

    def hurry(self, deadline: float) -> None:
        """Wait for nobody to read after that moment of the monotonic clock."""
        self._deadline = deadline

    def print_entries(self, entries: Iterable[Entry], reason: str) -> None:
        """Print entries; the thread that calls this waits for standard output."""
        for entry in entries:
            if not all(map(self._print, make_lines(decode(entry), reason))):
                with self._line:
                    self._lost += 1

    def count_lost(self) -> int:
        """How many entries were not printed since the last time this was asked."""
        with self._line:
            count, self._lost = self._lost, 0
        return count

    def _print(self, fields: dict[str, Any]) -> bool:
        with self._line:
            if self._is_stuck or not self._wait():
                return False
            _log(fields)
        return True

    def _wait(self) -> bool:
        """Until standard output takes a line; False when it does not in time."""
        while not is_ready(min(_LOOK_SECONDS, max(0.0, self._deadline - time.monotonic()))):
            if time.monotonic() >= self._deadline:
                self._is_stuck = True
                drop_what_nobody_reads()
                return False
        return True


def print_item(item: Item, reason: str) -> None:
    """Print one item, however long standard output takes."""
    for fields in make_lines(item, reason):
        _log(fields)


def make_lines(item: Item, reason: str) -> Iterator[dict[str, Any]]:
    """The fields of an item's lines."""
    text = json.dumps(item)
    digest = hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_CHARACTERS]
    fragments = [
        text[start : start + _FRAGMENT_CHARACTERS]
        for start in range(0, len(text), _FRAGMENT_CHARACTERS)
    ]
    for part, fragment in enumerate(fragments, 1):
        yield {
            FOR_PROGRAMS: True,
            "reason": reason,
            "of": f"{item['conversation']}/{item['item']}",
            "part": part,
            "parts": len(fragments),
            "digest": digest,
            "data": fragment,
        }


def _log(fields: dict[str, Any]) -> None:
    logger.error("transcript not written", extra=fields)
