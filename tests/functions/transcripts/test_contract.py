"""Holds what the server writes and what readers make of it together, from both ends."""

from __future__ import annotations

from typing import Any

from functions.transcripts.records import Conversation, Head, Message, assemble
from service.redaction import Redactor
from service.transcripts.events import Began, Call, Ended, Event, Spoke
from service.transcripts.items import MOST_TEXT_BYTES, ItemRules
from service.transcripts.scribe import Scribe
from speech_engine import ConversationMessage, Turn

START = 1_800_000_000.0
LONG = "long " * (MOST_TEXT_BYTES // 4)
RULES = ItemRules(days=30, shards=4, keeps_text=True, environment="test", agent="agent:answer")
# What a reader needs of an item and does not show: keys, the index's key, and what is joined.
HIDDEN = {"conversation", "item", "day_shard", "parts"}


def make_turn(event_id: int, *messages: tuple[str, str], answer: str) -> Turn:
    said = tuple(ConversationMessage(role, text) for role, text in messages)
    turn = Turn(event_id, 10.0, said)
    turn.texts, turn.written, turn.first_chunk_at = [answer], 1, 10.25
    turn.notes["model"] = "echo"
    turn.end("complete", 11.0)
    return turn


def write_down() -> list[dict[str, Any]]:
    """A conversation's items as the server makes them, with all that they can have."""
    scribe = Scribe(RULES, Redactor())
    call = Call(conversation_id="conv_1", started_at=START, engine_id="seng_1", user="me")
    call.ending = "closed"
    hello, card = ("user", "hello"), ("user", "my card is 4111 1111 1111 1111")
    first = make_turn(1, hello, answer="Your table is booked")
    second = make_turn(2, hello, ("agent", "Your table"), card, answer=LONG)
    events: list[Event] = [
        Began(call),
        Spoke(call, first, START + 11),
        Spoke(call, second, START + 21),
        Ended(call, START + 30, 1000),
    ]
    return [dict(item) for event in events for item in scribe.write_down(event)]


def read(items: list[dict[str, Any]]) -> Conversation:
    conversation = assemble("conv_1", items, START)
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
    (expires_at,) = {item["expires_at"] for item in items}
    assert assemble("conv_1", items, expires_at - 1) is not None
    assert assemble("conv_1", items, expires_at) is None
