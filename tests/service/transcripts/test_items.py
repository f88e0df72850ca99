from __future__ import annotations

import pytest

from service.transcripts.history import History
from service.transcripts.items import Conversation, ItemRules, make_head, make_message

RULES = ItemRules(days=30, shards=4, keeps_text=True, environment="prod", agent="echo")
START = 1_800_000_000.25
"""2027-01-15T08:00:00.250Z."""


def begin(conversation_id: str = "conv_1") -> Conversation:
    return Conversation(conversation_id=conversation_id, started_at=START, history=History(10))


def test_items_head_tells_of_the_conversation() -> None:
    """A conversation's own item has its key, its place in the index by day, and its expiry."""
    conversation = begin()
    conversation.about["engine_id"] = "seng_1"
    head = make_head(RULES, conversation)
    shard = head.pop("day_shard")
    assert shard in {f"2027-01-15#{number}" for number in range(4)}
    assert head == {
        "conversation": "conv_1",
        "item": "head",
        "started_at": "2027-01-15T08:00:00.250Z",
        "expires_at": 1_800_000_000 + 30 * 86400,
        "environment": "prod",
        "agent": "echo",
        "engine_id": "seng_1",
    }


def test_items_head_tells_of_the_end() -> None:
    """Written again at the end, the same item has the counts besides."""
    conversation = begin()
    conversation.begin_turn(3)
    make_message(RULES, conversation, role="user", text="hi", at=START)
    head = make_head(RULES, conversation, {"close_code": 1000})
    assert head == {
        **make_head(RULES, conversation),
        "turns": 1,
        "messages": 1,
        "close_code": 1000,
    }


def test_items_spread_a_day_over_its_shards() -> None:
    """Conversations of one day are spread over all shards, each always to the same one."""
    shards = [make_head(RULES, begin(f"conv_{number}"))["day_shard"] for number in range(100)]
    assert len(set(shards)) == 4
    assert shards[7] == make_head(RULES, begin("conv_7"))["day_shard"]


def test_items_message_tells_who_said_what_and_when() -> None:
    """A message's item has its text and its turn, and an answer how its turn ended."""
    conversation = begin()
    conversation.begin_turn(26)
    message = make_message(
        RULES, conversation, role="agent", text="Guten Tag", at=START + 2, outcome="interrupted"
    )
    assert message == {
        "conversation": "conv_1",
        "item": "message#000000000026#0000",
        "event_id": 26,
        "role": "agent",
        "text": "Guten Tag",
        "characters": 9,
        "at": "2027-01-15T08:00:02.250Z",
        "outcome": "interrupted",
        "expires_at": make_head(RULES, conversation)["expires_at"],
    }


def test_items_leave_out_text_that_is_dropped() -> None:
    """Without text an item still tells who spoke, when and how much."""
    rules = ItemRules(days=1, shards=1, keeps_text=False, environment=None, agent="echo")
    message = make_message(rules, begin(), role="user", text="Rose Street 5", at=START)
    assert message["characters"] == 13
    assert "Rose" not in str(message)


def test_items_hold_text_that_can_be_stored() -> None:
    """Half a surrogate pair, which JSON may hold and UTF-8 may not, does not reach an item."""
    conversation = begin("conv_\ud800")
    conversation.begin_turn(1)
    message = make_message(RULES, conversation, role="user", text="a\udfffb 🙂", at=START)
    assert (message["conversation"], message["text"]) == ("conv_?", "a?b 🙂")
    str(make_head(RULES, conversation)).encode()


@pytest.mark.parametrize("unusable", [None, -1, 0, 5, 10**12])
def test_items_keys_rise_whatever_the_event_ids_are(unusable: int | None) -> None:
    """An id that is absent, too low or too long continues the numbers of the turn before."""
    conversation = begin()
    keys = []
    for event_id in (5, unusable, 43):
        conversation.begin_turn(event_id)
        keys += [conversation.take_key() for _ in range(2)]
    assert keys == sorted(set(keys))
    assert keys[2:] == [
        "message#000000000005#0002",
        "message#000000000005#0003",
        "message#000000000043#0000",
        "message#000000000043#0001",
    ]
