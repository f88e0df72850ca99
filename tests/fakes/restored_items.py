"""Items from the lines of a log, put together as the restore lines' contract says."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


def read_restored(events: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The item of every whole set of `transcript not written` events, in any order."""
    sets: dict[tuple[str, str], dict[int, dict[str, Any]]] = {}
    for event in events:
        sets.setdefault((event["of"], event["digest"]), {})[event["part"]] = event
    items = []
    for (of, digest), parts in sets.items():
        text = "".join(part["data"] for _, part in sorted(parts.items()))
        assert len(parts) == parts[1]["parts"]
        assert hashlib.sha256(text.encode()).hexdigest()[:16] == digest
        item = json.loads(text)
        assert of == f"{item['conversation']}/{item['item']}"
        items.append(item)
    return items
