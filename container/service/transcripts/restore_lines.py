"""Items that could not be written, as lines of the log from which they can be restored.

An item's JSON text is cut into fragments, one a line: joined by `part`, those with the same `of`
and `digest` are the text again. The text is the item's only copy then, and it is redacted as the
table's would be.
"""

from __future__ import annotations

import hashlib
import json
import logging
from typing import TYPE_CHECKING

from service.logs import FOR_PROGRAMS
from service.transcripts.entries import decode

if TYPE_CHECKING:
    from collections.abc import Iterable

    from service.transcripts.entries import Entry
    from service.transcripts.items import Item

logger = logging.getLogger("service.transcripts")

LONGEST_LINE_BYTES = 12 * 1024
"""Docker cuts a line at 16 KB, and whoever reads the log gets its halves as two events.

https://docs.docker.com/reference/cli/dockerd/
"""
# The line is JSON as well, in which a character of the fragment takes two bytes at most: it is
# ASCII without control characters. The line's other fields take less than the 2,288 bytes left.
_FRAGMENT_CHARACTERS = 5_000
_DIGEST_CHARACTERS = 16


def print_entries(entries: Iterable[Entry], reason: str) -> None:
    """Print entries; the thread that calls this waits for standard output."""
    for entry in entries:
        print_item(decode(entry), reason)


def print_item(item: Item, reason: str) -> None:
    """Print one item."""
    text = json.dumps(item)
    digest = hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_CHARACTERS]
    fragments = [
        text[start : start + _FRAGMENT_CHARACTERS]
        for start in range(0, len(text), _FRAGMENT_CHARACTERS)
    ]
    for part, fragment in enumerate(fragments, 1):
        fields = {
            FOR_PROGRAMS: True,
            "reason": reason,
            "of": f"{item['conversation']}/{item['item']}",
            "part": part,
            "parts": len(fragments),
            "digest": digest,
            "data": fragment,
        }
        logger.error("transcript not written", extra=fields)
