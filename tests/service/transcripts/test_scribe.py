from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from service.redaction import Redactor
from service.transcripts.events import Began, Call, Ended, Spoke
from service.transcripts.items import MOST_TEXT_BYTES, ItemRules
from service.transcripts.scribe import NoRedaction, Scribe
from speech_engine import ConversationMessage, Turn

if TYPE_CHECKING:
    from service.transcripts.items import Item
    from speech_engine.turns import Outcome

START = 1_800_000_000.0


def make_scribe(redactor: Any = None, *, keeps_text: bool = True) -> Scribe:
    rules = ItemRules(days=30, shards=4, keeps_text=keeps_text, environment=None, agent="test")
    return Scribe(rules, redactor or NoRedaction())


def begin(conversation_id: str = "conv_1", **about: str) -> Call:
    return Call(conversation_id=conversation_id, started_at=START, **about)  # type: ignore[arg-type]


def make_turn(
    event_id: int, *said: str, answer: tuple[str, ...] = ("well", " yes"), **fields: Any
) -> Turn:
    """A turn of a second; what the agent said before begins with a dash."""
    messages = [
        ConversationMessage("agent" if text.startswith("-") else "user", text.lstrip("-"))
        for text in said
    ]
    turn = Turn(event_id, 10.0, tuple(messages))
    turn.texts, turn.written = list(answer), len(answer)
    turn.first_chunk_at = 10.25 if answer else None
    turn.notes.update(fields.get("notes", {}))
    outcome: Outcome = fields.get("outcome", "complete")
    turn.end(outcome, 11.0)
    return turn


def test_scribe_tells_how_an_answer_came_about() -> None:
    """An answer has its turn's outcome and times, how many chunks it was, and its model."""
    turn = make_turn(4, "hi", notes={"model": "openai/gpt-5.4-mini", "rounds": 1})
    user, agent = make_scribe().write_down(Spoke(begin(), turn, START + 11))
    assert (user["role"], user["text"], user["at"]) == ("user", "hi", "2027-01-15T08:00:10.000Z")
    assert "outcome" not in user
    facts = {"outcome": "complete", "first_chunk_ms": 250, "duration_ms": 1000, "chunks": 2}
    assert facts.items() <= agent.items()
    assert (agent["text"], agent["model"]) == ("well yes", "openai/gpt-5.4-mini")
    assert agent["at"] == "2027-01-15T08:00:10.250Z"


@pytest.mark.parametrize(
    ("outcome", "answer", "told"),
    [
        ("interrupted", ("well",), "interrupted"),
        ("interrupted", (), "superseded"),
        ("failed", (), "failed"),
        ("closed", (), "closed"),
        ("complete", (), "complete"),
    ],
)
def test_scribe_tells_the_outcome_of_every_turn(
    outcome: Outcome, answer: tuple[str, ...], told: str
) -> None:
    """A turn without any text has an answer too; replaced in time, it is superseded."""
    turn = make_turn(1, "hi", answer=answer, outcome=outcome)
    agent = make_scribe().write_down(Spoke(begin(), turn, START))[-1]
    assert (agent["outcome"], agent["text"], agent["chunks"]) == (
        told,
        "".join(answer),
        len(answer),
    )
    assert ("first_chunk_ms" in agent) == bool(answer)


def hear(shown: str, scribe: Scribe, *, answer: str = "Your table is booked") -> list[Item]:
    """What is written anew when the platform shows an answer so."""
    call = begin()
    first = scribe.write_down(Spoke(call, make_turn(1, "hi", answer=(answer,)), START))
    later = scribe.write_down(Spoke(call, make_turn(2, "hi", shown, "wait"), START))
    known = {item["item"]: item for item in first}
    return [{**item, "was": str(known[item["item"]])} for item in later if item["item"] in known]


def test_scribe_keeps_an_answer_as_sent_and_as_heard() -> None:
    """An answer that the platform shows truncated is put again whole, with both texts."""
    (again,) = hear("-Your table", make_scribe())
    was = again.pop("was")
    assert again.pop("heard") == "Your table"
    assert str(again) == was
    (unheard,) = hear("no", make_scribe())
    assert (unheard["text"], unheard["heard"]) == ("Your table is booked", "")


def test_scribe_puts_no_answer_again_that_was_heard_as_sent() -> None:
    """Blanks between words are not a difference."""
    assert hear("-Your  table is booked\n", make_scribe()) == []


def test_scribe_remembers_the_last_answer_alone() -> None:
    """An answer is kept until the next turn, and what the platform says of it later is too late."""
    scribe, call = make_scribe(), begin()
    scribe.write_down(Spoke(call, make_turn(1, "hi"), START))
    scribe.write_down(Spoke(call, make_turn(2, "hi", "-well yes", "so", answer=()), START))
    assert call.conversation is not None
    assert call.conversation.last_answer is None
    keys = [
        item["item"]
        for item in scribe.write_down(Spoke(call, make_turn(3, "hi", "-well", "so", "now"), START))
    ]
    assert keys == ["message#000000000003#0000", "message#000000000003#0001"]


def test_scribe_lets_no_text_out_unredacted() -> None:
    """Both texts of an answer are redacted, and the item names the kinds that were found."""
    scribe = make_scribe(Redactor())
    answer = "Card 4111 1111 1111 1111, mail jo@example.com, right?"
    (again,) = hear("-Card 4111 1111 1111 1111, mail", scribe, answer=answer)
    assert again["text"] == "Card [card], mail [email], right?"
    assert (again["heard"], again["redacted"]) == ("Card [card], mail", "card,email")
    assert again["characters"] == len(answer)


@pytest.mark.parametrize("heard", ["", " 4111", " 4111 1111 1111 11", " 4111 1111 1111 11..."])
def test_scribe_lets_no_part_of_what_was_redacted_out(heard: str) -> None:
    """Where an answer was interrupted within a number, the beginning of it is not stored."""
    answer = "I have 4111 1111 1111 1111, right?"
    (again,) = hear(f"-I have{heard}", make_scribe(Redactor()), answer=answer)
    assert again["heard"] == ("I have [card]," if heard else "I have")


class Broken:
    """A redactor that fails."""

    def redact(self, text: str) -> tuple[str, list[str]]:
        raise ValueError(text)


def test_scribe_stores_no_text_that_could_not_be_redacted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Where redaction breaks the item has no text and says so, and neither has the log."""
    items = make_scribe(Broken()).write_down(Spoke(begin(), make_turn(1, "Rose Street"), START))
    assert [item["redacted"] for item in items] == ["failed", "failed"]
    assert "Rose" not in json.dumps(items) + caplog.text
    assert "redaction failed" in caplog.text


def test_scribe_keeps_no_word_where_text_is_dropped() -> None:
    """No item has a word of anybody's, whatever was said, heard or split, and none is kept."""
    scribe, call = make_scribe(keeps_text=False), begin()
    turn = make_turn(1, "Rose Street" * MOST_TEXT_BYTES, answer=("Rose",))
    items = scribe.write_down(Spoke(call, turn, START))
    items += scribe.write_down(Spoke(call, make_turn(2, "x", "-Ro", "Rose"), START))
    assert "Ro" not in json.dumps(items)
    assert [item["item"] for item in items].count("message#000000000001#0001") == 1
    assert items[0]["characters"] == 11 * MOST_TEXT_BYTES
    assert call.conversation is not None
    assert call.conversation.last_answer is None


def test_scribe_makes_items_that_fit() -> None:
    """An answer of a megabyte that was heard in part makes items below the table's 400 KB."""
    answer = "Grüße 🙂" * 100_000
    (again,) = hear("-" + answer[:-1], make_scribe(), answer=answer)
    again.pop("was")
    assert len(json.dumps(again, ensure_ascii=False).encode()) > 2 * MOST_TEXT_BYTES * 0.99
    assert len(json.dumps(again, ensure_ascii=False).encode()) < 400_000


def test_scribe_writes_down_a_conversation_whose_beginning_was_lost() -> None:
    """What follows an event that found no room is written, and the head comes at the end."""
    scribe, call = make_scribe(), begin("\ud800" * 1000, engine_id="seng_1", user="ü" * 1000)
    call.ending = "closed"
    assert len(scribe.write_down(Spoke(call, make_turn(1, "hi"), START))) == 2
    (head,) = scribe.write_down(Ended(call, START + 20, 1000))
    assert (head["engine_id"], head["turns"], head["messages"]) == ("seng_1", 1, 2)
    assert head["ended_at"] == "2027-01-15T08:00:20.000Z"
    assert max(len(str(value).encode()) for value in head.values()) <= 256
    assert call.conversation is None


def test_scribe_begins_with_the_head() -> None:
    """A conversation that has begun has its own item, without an end."""
    (head,) = make_scribe().write_down(Began(begin(user="jo")))
    assert (head["item"], head["user"]) == ("head", "jo")
    assert not {"ended_at", "ending", "turns"} & set(head)
