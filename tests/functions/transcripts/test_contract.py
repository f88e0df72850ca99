"""Holds what the server writes and what readers make of it together, from both ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.transcripts.records import Conversation, Head, Message, assemble
from tests.fakes.written_conversation import LONG, NAME, START, write_down

if TYPE_CHECKING:
    from service.transcripts.items import Item

# What a reader needs of an item and does not show: keys, the index's key, and what is joined.
HIDDEN = {"conversation", "item", "day_shard", "parts"}


def read(items: list[Item]) -> Conversation:
    conversation = assemble(NAME, items, START)
    assert conversation
    return conversation


def test_contract_readers_show_what_the_server_wrote() -> None:
    """Messages come as they were said, sent and heard, redacted, and whole however long."""
    conversation = read(write_down())
    assert [(each.role, each.heard) for each in conversation.messages] == [
        ("user", None),
        ("agent", "Your table"),
        ("user", None),
        ("agent", None),
    ]
    assert [each.text for each in conversation.messages[:2]] == ["hello", "Your table is booked"]
    assert conversation.messages[2].redacted == ("card",)
    assert (conversation.messages[3].text, conversation.messages[3].missing_parts) == (LONG, 0)
    assert conversation.head
    assert (conversation.head.ending, conversation.head.messages) == ("closed", 4)


def test_contract_readers_know_each_attribute() -> None:
    """What the server gains is shown by readers, too, or is one of the few that are hidden."""
    items = write_down()
    heads = [item for item in items if item["item"] == "head"]
    shown = {"head": set(Head.__dataclass_fields__), "message": set(Message.__dataclass_fields__)}
    shown["message"] |= {"expires_at"}
    for item in items:
        kind = "head" if item in heads else "message"
        assert set(item) - HIDDEN <= shown[kind]


def test_contract_head_and_messages_expire_together() -> None:
    """At no moment is a part of a conversation shown without the rest."""
    items = write_down()
    (expires_at,) = {int(item["expires_at"]) for item in items}
    assert assemble(NAME, items, expires_at - 1) is not None
    assert assemble(NAME, items, expires_at) is None
