from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from agents.intents import Declined, Intent, Intents, Request
from agents.phrases import Utterance, spoken_code

if TYPE_CHECKING:
    from agents.intents import Values


async def run(_: str, values: Values, _key: str) -> str:
    return f"done {values}"


async def ask(_: str, _values: Values) -> str:
    return "Shall I?"


SLOTS = {"number": spoken_code(letters=0, digits=2)}
LOOK: Intent[str] = Intent(name="look", phrases=("look at {number}",), run=run)
DROP: Intent[str] = Intent(
    name="drop",
    phrases=("drop {number}", "look at 1 1"),
    ask=ask,
    confirmations=("yes drop (it|{number})",),
    run=run,
)
INTENTS = Intents([LOOK, DROP], SLOTS)


def test_intent_is_recognised_with_its_values() -> None:
    """Words of an intent's phrases are that intent; its slots have been read."""
    assert INTENTS.recognise(Utterance("Drop four two!"), "") == Request(DROP, {"number": "42"})


def test_first_intent_of_two_is_meant() -> None:
    """Where two have the same phrase, the order of the list decides, always alike."""
    assert INTENTS.recognise(Utterance("look at 1 1"), "") == Request(LOOK, {"number": "11"})


@pytest.mark.parametrize("said", ["drop", "drop 421", "please drop 42", "drop 42 or not", ""])
def test_other_words_are_no_intent(said: str) -> None:
    """Nothing that only resembles a phrase is taken for it."""
    assert INTENTS.recognise(Utterance(said), "") is None


def test_hesitations_do_not_count_in_a_request() -> None:
    """Sounds between the words, and within a number, leave it the same request."""
    said = Utterance("Um, drop, er, four uh two.")
    assert INTENTS.recognise(said, "") == Request(DROP, {"number": "42"})


def test_request_is_completed_from_what_is_known() -> None:
    """What the phrase leaves open is the context's to tell; if it can't, nothing was recognised."""

    def complete(known: str, values: Values) -> Values | None:
        return {"number": known, **values} if known else None

    pick: Intent[str] = Intent(
        name="pick", phrases=("pick [{number}]",), run=run, complete=complete
    )
    intents = Intents([pick], SLOTS)
    assert intents.recognise(Utterance("pick"), "42") == Request(pick, {"number": "42"})
    assert intents.recognise(Utterance("pick 1 1"), "42") == Request(pick, {"number": "11"})
    assert intents.recognise(Utterance("pick"), "") is None


def test_confirmation_says_yes_to_the_values_that_were_asked_about() -> None:
    """A value that is repeated must be the same; without one the question's is meant."""
    request = Request(DROP, {"number": "42"})
    assert INTENTS.is_confirmed(request, Utterance("Yes, drop it."))
    assert INTENTS.is_confirmed(request, Utterance("Yes, drop four two."))
    assert not INTENTS.is_confirmed(request, Utterance("Yes, drop four three."))


@pytest.mark.parametrize(
    "said",
    [
        "yes drop it?",
        "yes drop it\u061f",
        "yes",
        "drop it",
        "yes drop it now",
        "um yes drop it",
        "no",
    ],
)
def test_confirmation_is_nothing_less(said: str) -> None:
    """A part of it, more than it, or a question is no yes."""
    assert not INTENTS.is_confirmed(Request(DROP, {"number": "42"}), Utterance(said))


def test_intent_without_a_question_cannot_be_confirmed() -> None:
    """There is nothing to say yes to."""
    assert not INTENTS.is_confirmed(Request(LOOK, {}), Utterance("yes drop it"))
    assert INTENTS.is_any_confirmation(Utterance("yes drop it"))


def test_request_of_a_model_is_read_by_the_same_slots() -> None:
    """What a model writes is speech to the intents; what can't be read is declined."""
    assert INTENTS.request("drop", {"number": "four 2"}) == Request(DROP, {"number": "42"})
    with pytest.raises(Declined, match="number"):
        INTENTS.request("drop", {"number": "42; drop all"})


def test_question_that_answers_itself_is_found() -> None:
    """However long it is, a confirmation inside is noticed."""
    request = Request(DROP, {"number": "42"})
    assert INTENTS.answers_itself("Say yes, drop it, now!" + " please" * 100, request)
    assert not INTENTS.answers_itself("Shall I drop it? Say yes.", request)


@pytest.mark.parametrize(
    "intent",
    [
        Intent(name="odd", phrases=(), run=run, ask=ask),
        Intent(name="odd", phrases=(), run=run, confirmations=("yes",)),
    ],
)
def test_intents_refuse_one_that_can_never_be_confirmed(intent: Intent[str]) -> None:
    """A question needs its confirmations, and they need a question."""
    with pytest.raises(ValueError, match="'odd' needs"):
        Intents([intent], {})
