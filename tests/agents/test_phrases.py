from __future__ import annotations

import time

import pytest

from agents.phrases import MAX_CHARACTERS, Phrases, Slot, Utterance, free_text, spoken_code

CODE = spoken_code(letters=1, digits=3)


def match(pattern: str, said: str, **slots: Slot) -> dict[str, str] | None:
    return Phrases([pattern], slots).match(Utterance(said))


@pytest.mark.parametrize(
    "said",
    ["Cancel it.", "cancel, it!", "CANCEL IT", "\uff43ancel it", "\u2014cancel \u201cit\u201d"],
)
def test_phrase_matches_without_case_and_punctuation(said: str) -> None:
    """However the transcriber writes it, the same words are the same phrase."""
    assert match("cancel it", said) == {}


@pytest.mark.parametrize(
    "said",
    [
        "do not cancel it",
        "cancel it please",
        "cancel",
        "cancel itself",
        "c\u0430ncel it",
        "cancell it",
        "cancel\u20acit",
        "cancel it \U0001f44e",
        "can cel it",
    ],
)
def test_phrase_matches_whole_utterances_only(said: str) -> None:
    """More words, fewer, other letters or other characters are another thing."""
    assert match("cancel it", said) is None


def test_phrase_has_optional_parts_and_choices() -> None:
    """Brackets may be left out, parentheses hold one of several, either may hold the other."""
    pattern = "[please] (cancel|stop [at once]) (my|the) order"
    for said in ("cancel my order", "please stop the order", "stop at once my order"):
        assert match(pattern, said) == {}
    for said in ("cancel order", "please my order", "cancel stop my order", "at once my order"):
        assert match(pattern, said) is None


def test_phrase_knows_words_of_other_languages() -> None:
    """Marks and apostrophes are part of what was said: leaving one out is another word."""
    assert match("\u0939\u093e\u0901", "\u0939\u093e\u0901!") == {}
    assert match("\u0939\u093e\u0901", "\u0939") is None
    assert match("where's it", "Where\u2019s it?") == {}
    assert match("stra\u00dfe", "STRASSE") == {}


@pytest.mark.parametrize("pattern", ["(cancel", "cancel]", "cancel {number}"])
def test_phrase_that_cannot_be_read_is_refused(pattern: str) -> None:
    """A mistake in a pattern is found when it is made, not when somebody calls."""
    with pytest.raises(ValueError, match="phrase"):
        Phrases([pattern], {})


@pytest.mark.parametrize(
    "said",
    ["A417", "a 417", "A-4-1-7", "A, four one seven.", "a four 1 7", "A 4 17", "\uff21 417"],
)
def test_code_is_read_as_it_is_spelled(said: str) -> None:
    """Letters and digits count, in figures or in words."""
    assert match("order {code} please", f"order {said} please", code=CODE) == {"code": "A417"}


@pytest.mark.parametrize(
    "said",
    [
        "417",
        "A41",
        "A4171",
        "AB417",
        "a four hundred seventeen",
        "A417 B305",
        "A 4 one",
        "A\u0664\u0661\u0667",
    ],
)
def test_code_of_another_form_is_no_code(said: str) -> None:
    """Too short, too long, two at once: nothing is guessed."""
    assert match("order {code}", f"order {said}", code=CODE) is None


def test_code_takes_oh_for_a_zero() -> None:
    """A zero is often said as a letter."""
    assert match("{code}", "one oh o 2 zero", code=spoken_code(0, 5)) == {"code": "10020"}


def test_text_slot_gets_the_words_as_they_were_said() -> None:
    """Capitals and punctuation inside are kept; what the slot refuses is no match."""
    street = free_text(lambda text: text if "," in text else None)
    assert match("to {street} please", "To 5 Hill Rd., Dover, please.", street=street) == {
        "street": "5 Hill Rd., Dover"
    }
    assert match("to {street}", "to nowhere", street=street) is None


def test_slot_that_was_left_out_has_no_value() -> None:
    """A choice without its slot matches, and tells of no value."""
    assert match("yes (it|order {code})", "yes it", code=CODE) == {}


def test_first_phrase_that_can_be_read_counts() -> None:
    """A slot that refuses its words leaves the utterance to the other phrases."""
    phrases = Phrases(["order {code}", "order {any}"], {"code": CODE, "any": free_text(str.upper)})
    assert phrases.match(Utterance("order tea")) == {"any": "TEA"}


def test_long_utterance_matches_nothing() -> None:
    """Beyond the limit it counts as if nothing was said."""
    anything = free_text(str, most_words=1000)
    assert match("{text}", "a " * (MAX_CHARACTERS // 2), text=anything) is not None
    assert match("{text}", "a " * (MAX_CHARACTERS // 2) + "a", text=anything) is None


def test_phrase_is_found_within_an_utterance() -> None:
    """It may stand anywhere, but only as whole words."""
    phrases = Phrases(["yes [please] cancel it"], {})
    assert phrases.occur_in(Utterance("Is it yes, cancel it, or no?"))
    assert not phrases.occur_in(Utterance("eyes cancel it"))
    assert not phrases.occur_in(Utterance("yes cancel item"))


def test_utterance_without_some_words_keeps_the_others_as_they_were_said() -> None:
    """A word that is left out takes the punctuation behind it along, and nothing else."""
    left = Utterance("Um, to 5, uh, Hill Rd., erm!").without({"um", "uh", "erm"})
    assert (left.text, left.plain) == ("to 5, Hill Rd., ", "to 5 hill rd ")


def test_matching_takes_time_in_proportion() -> None:
    """No utterance makes a pattern try for long."""
    text = free_text(lambda _: None)
    phrases = Phrases(["[please] {a} to {b} [please]"], {"a": text, "b": text})
    begun = time.process_time()
    assert phrases.match(Utterance("to please " * 30)) is None
    assert time.process_time() - begun < 0.5
