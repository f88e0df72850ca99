"""Numbers of several words: forty | one, four | hundred, quatre | vingt | dix, ein | und | vierzig.

How people say a number of two or three digits in each language, and where the next one begins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.redaction.tokens import is_glued

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.redaction.languages import Language
    from service.redaction.tokens import Token

_LARGEST_NUMBER = 999_999_999
_MILLION = 1_000_000
_MOST_REPEATS = 4


class NumberReader:
    """Reads the number words among some tokens in one language."""

    def __init__(self, tokens: Sequence[Token], language: Language) -> None:
        self._tokens, self._language = tokens, language

    def value(self, index: int) -> int | None:
        """What one word means by itself; None if it is no number, or no token."""
        if index >= len(self._tokens):
            return None
        return self._language.numbers.get(self._tokens[index].text)

    def read(self, index: int) -> tuple[str, int]:
        """The digits of the number that begins at a token, or none, and the index behind it."""
        number = self.value(index)
        if number is None:
            return "", index
        index += 1
        if 1 < number <= _MOST_REPEATS:
            digit, after = self._repeated_digit(index)
            if digit is not None:
                return str(digit) * number, after
        while number < _LARGEST_NUMBER:
            larger, after = self._extend(number, index)
            if larger is None:
                break
            number, index = larger, after
        return str(number), index

    def _extend(self, number: int, index: int) -> tuple[int | None, int]:
        """The number with the words that continue it, as in forty | one, four | hundred."""
        language, index = self._language, self._skip_hyphen(index)
        if index >= len(self._tokens):
            return None, index
        word = self._tokens[index].text
        low = number % 1000
        larger = self._multiply(number, low, word)
        if larger:
            return larger, index + 1
        is_joined = word in language.joins
        following = index + is_joined
        value = self.value(following)
        if not value or not self._continues(number, value, following, is_joined):
            return None, index
        if language.counts_by_twenties and value == 20 and low % 100 == 4:
            return number + 76, following + 1
        return number + value, following + 1

    def _multiply(self, number: int, low: int, word: str) -> int | None:
        """Two hundred, twelve hundred, two thousand, two million three hundred thousand."""
        language = self._language
        if word in language.hundreds and 0 < low <= language.most_hundreds and low % 10:
            return number + low * 99
        if word in language.thousands and low and (number == low or number >= _MILLION):
            return number + low * 999
        return number * _MILLION if word in language.millions and number == low > 0 else None

    def _repeated_digit(self, index: int) -> tuple[int | None, int]:
        """The digit of three fours or three times four, and the index behind."""
        if index >= len(self._tokens):
            return None, index
        word = self._tokens[index].text
        if word in self._language.times:
            digit = self.value(index + 1)
            return (digit, index + 2) if digit is not None and digit < 10 else (None, index)
        return self._language.plurals.get(word), index + 1

    def _skip_hyphen(self, index: int) -> int:
        if 0 < index < len(self._tokens) - 1:
            before, sign, after = self._tokens[index - 1 : index + 2]
            if sign.text == "-" and is_glued(before, sign) and is_glued(sign, after):
                return index + 1
        return index

    def _continues(self, number: int, value: int, index: int, is_joined: bool) -> bool:
        low = number % 1000
        if number >= 1000 and not low:
            return value < 1000
        if value >= 10:
            return _takes_tens(low, value, is_joined, self._language)
        if low % 100 == 0:
            return low > 0 and (is_joined or self._is_last_digit(index))
        return _takes_unit(low, value, is_joined, self._language)

    def _is_last_digit(self, index: int) -> bool:
        """Eight hundred five five five: after a hundred, single digits stand for themselves."""
        value = self.value(index + 1)
        return value is None or value >= 10


def _takes_tens(number: int, value: int, is_joined: bool, language: Language) -> bool:
    if language.counts_by_twenties and not is_joined:
        if value == 20 and number % 100 == 4:
            return True
        if number % 100 in {60, 80} and value <= 16:
            return True
    if language.counts_by_twenties and number % 100 == 60 and value == 11:
        return True
    if language.units_first and is_joined and 0 < number % 100 < 10:
        return value >= 20 and value % 10 == 0
    return number >= 100 and number % 100 == 0 and value < 100


def _takes_unit(number: int, value: int, is_joined: bool, language: Language) -> bool:
    tens = number % 100
    if language.counts_by_twenties and tens in {10, 70, 90} and value >= 7:
        return not is_joined
    if tens < 20 or tens % 10 or language.units_first:
        return False
    if language.counts_by_twenties:
        return not is_joined or value == 1
    return is_joined == language.needs_join
