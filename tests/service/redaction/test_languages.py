from __future__ import annotations

from dataclasses import fields, is_dataclass

import pytest

from service.redaction import Redactor
from service.redaction.languages import LANGUAGES, Language
from service.redaction.tokens import fold

CARD = "4453331478932885"


def words_of(known: object) -> set[str]:
    """Every word in a language's data, however deep."""
    if is_dataclass(known):
        return {word for one in fields(known) for word in words_of(getattr(known, one.name))}
    if isinstance(known, dict):
        return {*known} | {word for value in known.values() for word in words_of(value)}
    return {*known} if isinstance(known, frozenset) else set()


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=LANGUAGES)
def test_language_says_every_digit(language: Language) -> None:
    """A card is understood in every language, digit by digit, with a hesitation between."""
    words = {value: word for word, value in reversed(language.numbers.items())}
    spoken = [words[int(digit)] for digit in CARD]
    assert words.keys() >= {*range(10)}
    assert Redactor().redact(" ".join([*spoken[:8], "uh", *spoken[8:]])) == ("[card]", ("card",))


def test_languages_have_words_as_texts_have_them() -> None:
    """All words are folded as texts are, so that they are found there."""
    for language in LANGUAGES.values():
        for word in words_of(language):
            assert fold(word) == word
