from __future__ import annotations

import pytest

from service.transcripts.conversation import Conversation
from service.transcripts.history import History
from service.transcripts.items import MOST_TEXT_BYTES, ItemRules, make_head, make_message

RULES = ItemRules(days=30, shards=4, keeps_text=True, environment="prod", agent="echo")
START = 1_800_000_000.25
"""2027-01-15T08:00:00.250Z."""


def begin(conversation_id: str = "conv_1", **about: str) -> Conversation:
    return Conversation(
        conversation_id=conversation_id, started_at=START, history=History(), about=about
    )


def test_items_head_tells_of_the_conversation() -> None:
    """A conversation's own item has its key, its place in the index by day, and its expiry."""
    head = make_head(RULES, begin(engine_id="seng_1"))
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
    conversation.take_key()
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
    """A message's item has its text and its turn, and further facts as they are."""
    conversation = begin()
    conversation.begin_turn(26)
    items = make_message(
        RULES,
        conversation,
        role="agent",
        at=START + 2,
        characters=9,
        text="Guten Tag",
        facts={"outcome": "interrupted", "chunks": 2},
    )
    assert items == [
        {
            "conversation": "conv_1",
            "item": "message#000000000026#0000",
            "event_id": 26,
            "role": "agent",
            "text": "Guten Tag",
            "characters": 9,
            "at": "2027-01-15T08:00:02.250Z",
            "outcome": "interrupted",
            "chunks": 2,
            "expires_at": make_head(RULES, conversation)["expires_at"],
        }
    ]


def test_items_split_a_long_text_into_parts() -> None:
    """No item's text is longer than fits, parts sort behind their message, and join to the text."""
    conversation = begin()
    conversation.begin_turn(1)
    text = "Grüße 🙂 " * (MOST_TEXT_BYTES // 5)
    facts = {"role": "user", "at": START, "characters": len(text)}
    items = make_message(RULES, conversation, text=text, facts={}, **facts)  # type: ignore[arg-type]
    (following,) = make_message(RULES, conversation, text="so", facts={}, **facts)  # type: ignore[arg-type]
    assert [item["item"] for item in items[:3]] == [
        "message#000000000001#0000",
        "message#000000000001#0000#part#0002",
        "message#000000000001#0000#part#0003",
    ]
    keys = [str(item["item"]) for item in (*items, following)]
    assert keys == sorted(keys)
    assert items[0]["parts"] == len(items) == 3
    assert set(items[1]) == {"conversation", "item", "expires_at", "text"}
    assert max(len(str(item["text"]).encode()) for item in items) <= MOST_TEXT_BYTES
    assert "".join(str(item["text"]) for item in items) == text


def test_items_without_text_still_tell_who_spoke() -> None:
    """A message whose text is not to be kept has no text, and no empty one either."""
    (message,) = make_message(
        RULES, begin(), role="user", at=START, characters=13, text=None, facts={}
    )
    assert message["characters"] == 13
    assert "text" not in message


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
