from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.transcripts.filling import FillRules, plan_head, plan_messages
from cli.transcripts.platform_record import Record, Said
from functions.transcripts.records import Message, assemble
from tests.fakes.transcript_items import make_head, make_message

BEGAN = 1_795_000_000.0
RULES = FillRules(
    expires_at=2_000_000_000, keeps_text=True, redactor=None, shards=4, about={"agent": "echo"}
)


class Blot:
    """A redactor that knows one number."""

    def redact(self, text: str) -> tuple[str, tuple[str, ...]]:
        if "boom" in text:
            raise ValueError(text)
        return text.replace("4111", "[card]"), ("card",) if "4111" in text else ()


def say(count: int) -> tuple[Said, ...]:
    roles = ("user", "agent")
    return tuple(Said(role=roles[n % 2], text=f"{n} is said", at=BEGAN + n) for n in range(count))


def record_of(*messages: Said) -> Record:
    return Record(
        conversation_id="conv",
        engine_id="seng_1",
        began_at=BEGAN,
        ended_at=BEGAN + 60,
        messages=messages,
    )


def read(items: list[dict[str, Any]]) -> tuple[Message, ...]:
    conversation = assemble("conv", items, BEGAN)
    return conversation.messages if conversation else ()


def store(said: Said, event_id: int, index: int) -> dict[str, Any]:
    return make_message("conv", event_id, index, said.text, role=said.role)


@given(st.lists(st.booleans(), max_size=16), st.integers(1, 4), st.integers(1, 50))
def test_what_was_missing_stands_in_its_place(
    kept: list[bool], messages_a_turn: int, first_event_id: int
) -> None:
    """However much is missing, the filled conversation is whole, in order and filled only once."""
    messages = say(len(kept))
    items = [
        store(said, first_event_id + n // messages_a_turn, n % messages_a_turn)
        for n, said in enumerate(messages)
        if kept[n]
    ]
    filling = plan_messages(record_of(*messages), read(items), RULES)
    assert filling.messages == kept.count(False)
    assert all(item["source"] == "platform" for item in filling.items)
    whole = read([*items, *filling.items])
    assert [message.text for message in whole] == [said.text for said in messages]
    again = plan_messages(record_of(*messages), whole, RULES)
    assert (again.items, again.messages, again.unplaced) == ([], 0, 0)


def test_an_answer_that_was_never_sent_hides_none() -> None:
    """What a killed task stored last may be such: what was said next has its place behind it."""
    first, second, third = (
        Said(role=role, text=text, at=BEGAN + n)
        for n, (role, text) in enumerate((("user", "one"), ("user", "two"), ("agent", "so")))
    )
    unsent = make_message("conv", 1, 1, "", role="agent", outcome="superseded")
    unsent["at"] = "2026-11-18T11:06:42.000Z"
    stored = [store(first, 1, 0), unsent]
    filling = plan_messages(record_of(first, second, third), read(stored), RULES)
    assert (filling.messages, filling.unplaced) == (2, 0)
    texts = [message.text for message in read([*stored, *filling.items])]
    assert texts == ["one", "", "two", "so"]


def test_a_message_without_a_free_place_is_counted() -> None:
    """Between two numbers that follow each other nothing is squeezed in, and that is told."""
    first, second, third = say(3)
    items = [store(first, 0, 0), store(third, 0, 1)]
    filling = plan_messages(record_of(first, second, third), read(items), RULES)
    assert (filling.items, filling.messages, filling.unplaced) == ([], 0, 1)


def test_an_answer_is_stored_as_sent_and_as_heard() -> None:
    """An interrupted answer has both forms; a whole one has an outcome and no more."""
    cut = Said(role="agent", text="Once upon a time", heard="Once", at=BEGAN + 1)
    whole = Said(role="agent", text="The end", at=BEGAN + 2)
    one, other = plan_messages(record_of(cut, whole), (), RULES).items
    assert (one["text"], one["heard"], one["outcome"]) == (
        "Once upon a time",
        "Once",
        "interrupted",
    )
    assert (other["text"], other["outcome"], "heard" in other) == ("The end", "complete", False)
    assert datetime.fromisoformat(str(one["at"])).timestamp() == cut.at


def test_what_must_not_be_stored_is_not() -> None:
    """Both forms of an answer are redacted, and what can't be redacted is left out."""
    rules = FillRules(expires_at=1, keeps_text=True, redactor=Blot(), shards=1, about={})
    said = Said(role="agent", text="card 4111 and more", heard="card 4111", at=BEGAN)
    boom = Said(role="user", text="boom", at=BEGAN)
    card, failed = plan_messages(record_of(said, boom), (), rules).items
    assert (card["text"], card["heard"], card["redacted"]) == (
        "card [card] and more",
        "card [card]",
        "card",
    )
    assert card["characters"] == len(said.text)
    assert ("text" in failed, failed["redacted"]) == (False, "failed")


def test_no_part_of_what_was_redacted_is_stored() -> None:
    """Where an answer was interrupted within a number, the beginning of it is left out."""
    rules = FillRules(expires_at=1, keeps_text=True, redactor=Blot(), shards=1, about={})
    said = Said(role="agent", text="card 4111 and more", heard="card 41 1", at=BEGAN)
    (card,) = plan_messages(record_of(said), (), rules).items
    assert card["heard"] == "card [card]"


def test_redacted_messages_are_known_again() -> None:
    """What was redacted when it was stored is not filled a second time."""
    rules = FillRules(expires_at=1, keeps_text=True, redactor=Blot(), shards=1, about={})
    said = Said(role="user", text="card 4111", at=BEGAN)
    stored = make_message("conv", 1, 0, "card [card]")
    assert plan_messages(record_of(said), read([stored]), rules).items == []


def test_without_words_none_are_stored() -> None:
    """Where text is dropped, who spoke, when and how much is filled, and filled only once."""
    rules = FillRules(expires_at=2_000_000_000, keeps_text=False, redactor=None, shards=1, about={})
    record = record_of(*say(4), Said(role="agent", text="abc", heard="a", at=BEGAN))
    filling = plan_messages(record, (), rules)
    assert not any({"text", "heard"} & set(item) for item in filling.items)
    assert [item["characters"] for item in filling.items] == [9, 9, 9, 9, 3]
    assert plan_messages(record, read(filling.items), rules).items == []


def test_a_long_text_is_split_and_joined() -> None:
    """A text beyond what an item holds comes back whole."""
    said = Said(role="user", text="Grüße " * 60_000, at=BEGAN)
    items = plan_messages(record_of(said), (), RULES).items
    assert len(items) > 1
    (message,) = read(items)
    assert (message.text, message.missing_parts) == (said.text, 0)


def test_a_head_gets_its_end_and_keeps_the_rest() -> None:
    """A conversation whose task was killed ends when the platform says; nothing else changes."""
    stored = make_head("conv", user="ada")
    head = plan_head(record_of(), stored, 7, RULES)
    assert head is not None
    added = {name: value for name, value in head.items() if stored.get(name) != value}
    assert added == {"ended_at": head["ended_at"], "messages": 7, "source": "platform"}
    assert plan_head(record_of(), head, 7, RULES) is None


@pytest.mark.parametrize("shards", [1, 4])
def test_a_missing_head_is_made(shards: int) -> None:
    """A conversation without a head is in the index afterwards, on the server's own shard."""
    from service.transcripts.conversation import Conversation
    from service.transcripts.history import History
    from service.transcripts.items import ItemRules
    from service.transcripts.items import make_head as make_server_head

    rules = FillRules(
        expires_at=1, keeps_text=True, redactor=None, shards=shards, about={"agent": "echo"}
    )
    head = plan_head(record_of(), None, 0, rules)
    conversation = Conversation(
        conversation_id="conv",
        started_at=BEGAN,
        history=History(),
        about={"engine_id": "seng_1"},
    )
    server_rules = ItemRules(
        days=30, shards=shards, keeps_text=True, environment=None, agent="echo"
    )
    expected = make_server_head(server_rules, conversation)
    assert head is not None
    assert {name: head[name] for name in expected} == {**expected, "expires_at": 1}
