"""An item as it waits for the table: encoded once, as DynamoDB's JSON has it.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.LowLevelAPI.html
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.transcripts.items import Item

# What Python takes for an entry beside its request: 0.2 kB, and what malloc leaves unused.
_OVERHEAD_BYTES = 400

_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


@dataclass(slots=True, eq=False)
class Entry:
    """`put` is one element of a BatchWriteItem request; `key` is conversation and item."""

    key: tuple[str, str]
    put: bytes

    @property
    def size_bytes(self) -> int:
        """What it takes of the memory."""
        return len(self.put) + _OVERHEAD_BYTES


def encode(item: Item) -> Entry:
    """The entry of an item."""
    values = {
        name: {"N": str(value)} if isinstance(value, int) else {"S": value}
        for name, value in item.items()
    }
    put = _encoder.encode({"PutRequest": {"Item": values}}).encode()
    return Entry((str(item["conversation"]), str(item["item"])), put)


def decode(entry: Entry) -> Item:
    """The item of an entry."""
    values = json.loads(entry.put)["PutRequest"]["Item"]
    return {
        name: int(value["N"]) if "N" in value else str(value["S"]) for name, value in values.items()
    }
