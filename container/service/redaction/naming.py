"""Which words say what a number is: "card", "Handynummer", "order". Words alone, no numbers.

The nearest such word decides. Before the number it may stand a whole phrase away, behind it only
in the same sentence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.redaction.languages import all_words
from service.redaction.tokens import MASK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.redaction.tokens import Token

_WORDS_BEFORE = 8
_WORDS_BEFORE_OTHER = 5
_WORDS_BEHIND = 5
# What stands between is punctuation and digits; more of it means that the words are far away.
_TOKENS_AWAY = 16
CARD, IBAN, PHONE, NATIONAL_ID, OTHER = "card", "iban", "phone", "national_id", "other"
SERIAL, SOME_ID = "serial", "some_id"
# No phone number and no national id has such a name.
THINGS = frozenset({OTHER, SERIAL})


_NAMES = {
    word: name
    for name in (CARD, IBAN, PHONE, NATIONAL_ID, OTHER, SERIAL, SOME_ID)
    for word in all_words(f"names.{name}")
}
_MINE = all_words("names.mine")
_ARTICLES = all_words("names.article")
_VERBS = all_words("names.verb")
_NUMBER = all_words("names.number")
_ENDS = frozenset({".", "?", "!", MASK})


def name_of(tokens: Sequence[Token], first: int, last: int) -> str | None:
    """What the words around tokens `first` to `last` call them: one of the names above, or None."""
    return _name_before(tokens, first) or _name_behind(tokens, last)


def _name_before(tokens: Sequence[Token], first: int) -> str | None:
    words, limit = 0, _WORDS_BEFORE_OTHER
    for index in range(first - 1, max(-1, first - 1 - _TOKENS_AWAY), -1):
        token = tokens[index]
        if token.text == MASK or words == _WORDS_BEFORE:
            return None
        name = _NAMES.get(token.text) or _name_mine(tokens, index)
        if name and (name not in THINGS or words < limit):
            return name
        words += token.is_word
        if token.text in _ENDS and first - index > 1:
            limit = 0  # What another sentence counts are its own things.
    return None


def _name_mine(tokens: Sequence[Token], index: int) -> str | None:
    if tokens[index].text not in _NUMBER:
        return None
    is_mine = index > 0 and tokens[index - 1].text in _MINE
    is_it = index > 0 and tokens[index - 1].text in _ARTICLES and tokens[index + 1].text in _VERBS
    return PHONE if is_mine or is_it else None


def _name_behind(tokens: Sequence[Token], last: int) -> str | None:
    words = 0
    for token in tokens[last + 1 : last + 1 + _TOKENS_AWAY]:
        if token.is_numeral or token.text in _ENDS or words == _WORDS_BEHIND:
            return None
        if token.text in _NAMES:
            return _NAMES[token.text]
        words += token.is_word
    return None
