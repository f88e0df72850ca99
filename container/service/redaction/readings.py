"""An utterance as somebody understands it who speaks one language: its runs of digits.

It joins digits over what people say between them: hesitations, signs, questions, corrections.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from service.redaction.digits import DigitReader
from service.redaction.languages import LANGUAGES, LANGUAGES_BY_WORD, Language, no_language
from service.redaction.runs import ASIDE, CLOSE, CORRECTION, MIXED, PAUSE, PLUS, WORDS, Group, Run
from service.redaction.tokens import is_glued, is_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.redaction.tokens import Token

_SIGNS = (
    dict.fromkeys("-.()·", CLOSE)
    | dict.fromkeys("/~", MIXED)
    | dict.fromkeys(",;", PAUSE)
    | dict.fromkeys("?!¿¡", ASIDE)
    | {"+": PLUS}
)
# Elsewhere they multiply, stress or quote.
_SIGNS_INSIDE = frozenset("_*'")
_MOST_WORDS_BETWEEN = 6


def spoken_languages(tokens: Sequence[Token], preferred: Sequence[str]) -> list[Language]:
    """The languages to read the numbers in, the one that understands most of them first.

    A language is left out when another understands the same words and more. What has numerals
    alone is read in no language.
    """
    known: dict[str, set[int]] = {}
    for index, token in enumerate(tokens):
        for code in LANGUAGES_BY_WORD.get(token.text, ()):
            known.setdefault(code, set()).add(index)
    kept: list[str] = []
    for code in sorted(known, key=lambda code: (-len(known[code]), code not in preferred, code)):
        if not any(known[code] <= known[better] for better in kept):
            kept.append(code)
    return [LANGUAGES[code] for code in kept] or [no_language()]


class Reading:
    """One utterance as somebody understands it who speaks one language."""

    def __init__(self, text: str, tokens: Sequence[Token], language: Language) -> None:
        self.text, self.tokens, self.language = text, tokens, language

    @cached_property
    def runs(self) -> list[Run]:
        """Every run of digits, in order."""
        return _RunReader(self.tokens, self.language).read()


class _RunReader:
    """One reading of the tokens in one language."""

    def __init__(self, tokens: Sequence[Token], language: Language) -> None:
        self._tokens = tokens
        self._language = language
        self._digits = DigitReader(tokens, language)
        self._runs: list[Run] = []
        self._groups: list[Group] = []
        self._words_between, self._parted = 0, CLOSE

    def read(self) -> list[Run]:
        index = 0
        while index < len(self._tokens):
            goes_on = bool(self._groups) and self._words_between == 0
            digits, after = self._digits.read(index, goes_on=goes_on)
            if digits:
                self._add(digits, index, after)
            elif not self._pass_over(index):
                self._finish()
            index = max(after, index + 1)
        self._finish()
        return self._runs

    def _add(self, digits: str, index: int, after: int) -> None:
        first, last = self._tokens[index], self._tokens[after - 1]
        is_spoken = not first.is_numeral
        if self._groups and self._groups[-1].is_spoken != is_spoken:
            self._parted = max(self._parted, MIXED)
        start = self._plus_start(index) if self._parted == PLUS else first.start
        group = Group(digits, start, last.end, index, after - 1, is_spoken, self._parted)
        self._groups.append(group)
        self._words_between, self._parted = 0, CLOSE

    def _plus_start(self, index: int) -> int:
        before = self._tokens[index - 1]
        is_bracket = before.text == "("
        return self._tokens[index - 2].start if is_bracket and index > 1 else before.start

    def _finish(self) -> None:
        if self._groups:
            self._runs.append(Run(tuple(self._groups)))
            self._groups = []
        self._words_between, self._parted = 0, CLOSE

    def _pass_over(self, index: int) -> bool:
        """Whether digits may go on behind this token; notes how strongly it parts them."""
        token, strength = self._tokens[index], self._strength(index)
        self._words_between += token.is_word
        if strength is None or self._words_between > _MOST_WORDS_BETWEEN:
            return False
        if self._parted == PLUS and token.text != "(":
            self._parted = WORDS
        self._parted = max(self._parted, strength)
        return True

    def _strength(self, index: int) -> int | None:
        token = self._tokens[index]
        if not token.is_word:
            return self._sign_strength(index)
        language = self._language
        if token.text in language.plus:
            return PLUS
        if token.text in language.corrections:
            return CORRECTION
        if token.text in language.asides:
            return ASIDE
        return WORDS if token.text in language.between else None

    def _sign_strength(self, index: int) -> int | None:
        sign = self._tokens[index].text
        if sign == ".":
            return CLOSE if self._is_glued_to(index + 1, index) else PAUSE
        if sign in _SIGNS_INSIDE:
            is_inside = self._is_glued_to(index - 1, index) and self._is_glued_to(index + 1, index)
            return MIXED if is_inside else None
        return _SIGNS.get(sign)

    def _is_glued_to(self, other: int, index: int) -> bool:
        """Whether a neighbour is a word or a numeral without a space between."""
        if not 0 <= other < len(self._tokens) or not is_name(self._tokens[other]):
            return False
        return is_glued(*self._tokens[min(other, index) : max(other, index) + 1])
