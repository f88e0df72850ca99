"""Letters as they are spelled: alone, by name, by alphabet, with a word that explains them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.redaction.languages import LANGUAGES, NUMBER_WORDS, all_words
from service.redaction.tokens import word_set

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.redaction.tokens import Token

# https://en.wikipedia.org/wiki/NATO_phonetic_alphabet
_ALPHABET = word_set(
    """
    alpha alfa bravo charlie delta echo foxtrot golf hotel india juliet juliett kilo lima mike
    november oscar papa quebec romeo sierra tango uniform victor whiskey xray yankee zulu
    """
)
LETTER_WORDS = {word: word[0].upper() for word in _ALPHABET}
for _language in LANGUAGES.values():
    LETTER_WORDS |= _language.letters
# D as in Dora, D wie Dora, D comme Denise …
_LIKENESSES = all_words("likenesses")


def is_letter(tokens: Sequence[Token], index: int) -> bool:
    """Whether a token is one letter."""
    token = tokens[index] if 0 <= index < len(tokens) else None
    return token is not None and token.is_word and token.end - token.start == 1 == len(token.text)


def is_digits(token: Token) -> bool:
    """Whether a token is a numeral or a number word of any language."""
    return token.is_numeral or token.text in NUMBER_WORDS


def is_spelled(tokens: Sequence[Token], index: int) -> bool:
    """Whether a token is what people spell names of: one letter, or digits."""
    return is_letter(tokens, index) or is_digits(tokens[index])


def letter_end(tokens: Sequence[Token], index: int) -> int:
    """The index behind a letter and the word that explains it, if one does."""
    after = index + 1
    if after < len(tokens) and tokens[after].text in _LIKENESSES:
        after += 1 + (after + 1 < len(tokens) and tokens[after + 1].text == "in")
        if after < len(tokens) and tokens[after].text.startswith(tokens[index].text):
            return after + 1
    return index + 1
