"""The next digits among some tokens: a numeral, a number word, a doubled digit.

It decides whether a word means a digit where it stands, and knows nothing of what goes before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.redaction.number_words import NumberReader
from service.redaction.tokens import is_glued

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.redaction.languages import Language
    from service.redaction.tokens import Token

_NOTHING = ""


class DigitReader:
    """Reads digits among the tokens of an utterance, as one language has them."""

    def __init__(self, tokens: Sequence[Token], language: Language) -> None:
        self._tokens, self._language = tokens, language
        self._numbers = NumberReader(tokens, language)

    def read(self, index: int, *, goes_on: bool) -> tuple[str, int]:
        """The digits that begin at a token and the index behind them; ("", index) if none do.

        `goes_on` says that other digits stand right before.
        """
        token = self._tokens[index]
        if token.is_numeral:
            return (_NOTHING, index) if self._touches_letters(index) else (token.text, index + 1)
        if token.text in self._language.uncertain:
            return self._read_uncertain(index, goes_on)
        return self._numbers.read(index)

    def _read_uncertain(self, index: int, goes_on: bool) -> tuple[str, int]:
        word, language = self._tokens[index].text, self._language
        if word in language.repeats:
            return self._read_repeated(index, language.repeats[word])
        is_weak = word in language.weak and not (goes_on or self._is_before_digits(index))
        if is_weak or self._is_no_digit(index):
            return _NOTHING, index
        if word in language.sounds and self._is_between_digits(index):
            return str(language.sounds[word]), index + 1
        return self._numbers.read(index)

    def _after(self, index: int) -> Token | None:
        return self._tokens[index + 1] if index + 1 < len(self._tokens) else None

    def _value_before(self, index: int) -> int | None:
        return self._numbers.value(index - 1) if index else None

    def _touches_letters(self, index: int) -> bool:
        token, after = self._tokens[index], self._after(index)
        if index and self._tokens[index - 1].is_word and is_glued(self._tokens[index - 1], token):
            return True
        return after is not None and after.is_word and is_glued(token, after)

    def _is_before_digits(self, index: int) -> bool:
        after = self._after(index)
        if after is None:
            return False
        is_number = after.is_numeral or self._numbers.value(index + 1) is not None
        return is_number or after.text in self._language.repeats

    def _is_no_digit(self, index: int) -> bool:
        """Whether a word that no number precedes means something else: the last *one* is."""
        after = self._after(index)
        others = self._language.no_digits.get(self._tokens[index].text, ())
        return after is not None and after.text in others and self._value_before(index) is None

    def _is_between_digits(self, index: int) -> bool:
        """Whether single digits stand right before and behind: four four *to* one."""
        before, after = self._value_before(index), self._numbers.value(index + 1)
        return before is not None and after is not None and max(before, after) < 10

    def _read_repeated(self, index: int, times: int) -> tuple[str, int]:
        after = index + 1
        is_word = after < len(self._tokens) and self._tokens[after].text in self._language.between
        if is_word and self._numbers.value(after) is None:
            after += 1  # Three times *the* four.
        if after < len(self._tokens):
            token = self._tokens[after]
            digit = token.text if token.is_numeral else str(self._numbers.value(after))
            if len(digit) == 1:
                return digit * times, after + 1
        return _NOTHING, index
