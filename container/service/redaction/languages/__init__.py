"""The languages that are understood. One more is a module like the others, and a line below."""

from __future__ import annotations

from functools import cache
from operator import attrgetter

from service.redaction.languages.dutch import DUTCH
from service.redaction.languages.english import ENGLISH
from service.redaction.languages.french import FRENCH
from service.redaction.languages.german import GERMAN
from service.redaction.languages.italian import ITALIAN
from service.redaction.languages.language import HESITATIONS, Language
from service.redaction.languages.polish import POLISH
from service.redaction.languages.portuguese import PORTUGUESE
from service.redaction.languages.spanish import SPANISH

__all__ = [
    "HESITATIONS",
    "LANGUAGES",
    "LANGUAGES_BY_WORD",
    "NUMBER_WORDS",
    "Language",
    "all_words",
    "no_language",
]

LANGUAGES = {
    "en": ENGLISH,
    "de": GERMAN,
    "fr": FRENCH,
    "es": SPANISH,
    "it": ITALIAN,
    "nl": DUTCH,
    "pt": PORTUGUESE,
    "pl": POLISH,
}


def all_words(field: str) -> frozenset[str]:
    """What all languages have in a field, such as "names.card"."""
    return frozenset().union(*map(attrgetter(field), LANGUAGES.values()))


# Every word of any language that is a number by itself.
NUMBER_WORDS = all_words("numbers")
# In which languages. Sounds of hesitation tell no language: um is Portuguese for one.
LANGUAGES_BY_WORD = {
    word: [code for code, language in LANGUAGES.items() if word in language.numbers]
    for word in NUMBER_WORDS - HESITATIONS
}


@cache
def no_language() -> Language:
    """What is said between numerals in any language."""
    return Language(
        numbers={},
        repeats={word: n for known in LANGUAGES.values() for word, n in known.repeats.items()},
        plus=all_words("plus"),
        fillers=all_words("fillers"),
        asides=all_words("asides"),
        corrections=all_words("corrections"),
        names=ENGLISH.names,
        address=ENGLISH.address,
    )
