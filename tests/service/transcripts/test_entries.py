from __future__ import annotations

import json

from service.transcripts.entries import decode, encode

ITEM: dict[str, str | int] = {
    "conversation": "conv_1",
    "item": "head",
    "text": 'Grüße "🙂"\n',
    "chunks": 0,
}


def test_entries_are_what_dynamodb_reads() -> None:
    """Texts and numbers are marked as such, in one element of a request."""
    assert json.loads(encode(ITEM).put) == {
        "PutRequest": {
            "Item": {
                "conversation": {"S": "conv_1"},
                "item": {"S": "head"},
                "text": {"S": 'Grüße "🙂"\n'},
                "chunks": {"N": "0"},
            }
        }
    }


def test_entries_can_be_decoded() -> None:
    """The item comes back as it was, with its key."""
    entry = encode(ITEM)
    assert entry.key == ("conv_1", "head")
    assert decode(entry) == ITEM
