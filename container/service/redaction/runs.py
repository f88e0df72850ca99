"""Digits as they are written and spoken in a row, whatever stands between them.

A run is what one breath says in digits: numerals, number words, doubled digits, with hesitations
and punctuation between. It knows languages, but not what the digits mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from service.redaction.languages import HESITATIONS, Language, languages, no_language, number_words
from service.redaction.number_words import NumberReader
from service.redaction.tokens import is_glued

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.redaction.tokens import Token

# How strongly two neighbouring groups of digits are parted, in rising order.
CLOSE, MIXED, PAUSE, WORDS, PLUS = range(5)
_CLOSE_SIGNS = frozenset("-.()·")
_PAUSE_SIGNS = frozenset(",;")
_PLUS_WORDS = frozenset({"plus", "mas", "piu"})
_MOST_WORDS_BETWEEN = 4


class Group(NamedTuple):
    """Digits that were said as one: a numeral, a number word, a doubled digit."""

    digits: str
    start: int
    end: int
    is_spoken: bool
    parted: int


@dataclass(frozen=True, slots=True)
class Run:
    """Groups in a row, and the first and last token around which words say what they are."""

    groups: tuple[Group, ...]
    first: int
    last: int

    @property
    def digits(self) -> str:
        """All digits, without what stands between."""
        return "".join(group.digits for group in self.groups)

    @property
    def is_spoken(self) -> bool:
        """Whether any of it was said in words."""
        return any(group.is_spoken for group in self.groups)

    @property
    def has_plus(self) -> bool:
        """Whether it begins as international phone numbers do."""
        return self.groups[0].parted == PLUS

    @property
    def start(self) -> int:
        """Where it begins in the utterance."""
        return self.groups[0].start

    @property
    def end(self) -> int:
        """Where it ends in the utterance."""
        return self.groups[-1].end

    def shape(self) -> tuple[int, ...]:
        """The number of digits in each group."""
        return tuple(len(group.digits) for group in self.groups)

    def part(self, low: int, high: int) -> Run:
        """The run of some of the groups, in the same surroundings."""
        return Run(self.groups[low:high], self.first, self.last)


def spoken_languages(tokens: Sequence[Token], preferred: Sequence[str]) -> list[Language]:
    """The languages to read the numbers in, the one that understands most of them first.

    A language is left out when another understands the same words and more. Sounds of hesitation
    say nothing about the language: um is Portuguese for one. What has numerals alone is read in
    no language.
    """
    words = [(index, token.text) for index, token in enumerate(tokens) if token.is_word]
    every = number_words() - HESITATIONS
    numbers = [(index, word) for index, word in words if word in every]
    known = {
        code: {index for index, word in numbers if word in language.numbers}
        for code, language in languages().items()
    }
    order = sorted(known, key=lambda code: (-len(known[code]), code not in preferred))
    kept: list[str] = []
    for code in order:
        if known[code] and not any(known[code] <= known[better] for better in kept):
            kept.append(code)
    return [languages()[code] for code in kept] or [no_language()]


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
        self._fillers = HESITATIONS | language.fillers
        self._numbers = NumberReader(tokens, language)
        self._runs: list[Run] = []
        self._groups: list[Group] = []
        self._first = self._last = self._words_between = 0
        self._parted = CLOSE

    def read(self) -> list[Run]:
        index = 0
        while index < len(self._tokens):
            digits, after = self._read_group(index)
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
        if not self._groups:
            self._first = index
        elif self._groups[-1].is_spoken != is_spoken:
            self._parted = max(self._parted, MIXED)
        start = self._plus_start(index) if self._parted == PLUS else first.start
        self._groups.append(Group(digits, start, last.end, is_spoken, self._parted))
        self._last, self._parted, self._words_between = after - 1, CLOSE, 0

    def _plus_start(self, index: int) -> int:
        before = self._tokens[index - 1]
        is_bracket = before.text == "("
        return self._tokens[index - 2].start if is_bracket and index > 1 else before.start

    def _finish(self) -> None:
        if self._groups:
            self._runs.append(Run(tuple(self._groups), self._first, self._last))
            self._groups = []
        self._parted, self._words_between = CLOSE, 0

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
        if token.text == "+" or token.text in _PLUS_WORDS:
            return PLUS
        if token.text in _PAUSE_SIGNS or (token.text == "." and self._ends_sentence(index)):
            return PAUSE
        if token.text in _CLOSE_SIGNS:
            return CLOSE
        if token.text == "/":
            return MIXED
        return WORDS if token.text in self._fillers else None

    def _ends_sentence(self, index: int) -> bool:
        following = self._tokens[index + 1 : index + 2]
        return not following or not is_glued(self._tokens[index], following[0])

    def _read_group(self, index: int) -> tuple[str, int]:
        """The digits that begin at a token and the index behind them; ("", index) if none do."""
        token = self._tokens[index]
        if token.is_numeral:
            return ("", index) if self._touches_letters(index) else (token.text, index + 1)
        if not token.is_word:
            return "", index
        times = self._language.repeats.get(token.text)
        if times is not None:
            return self._read_repeated(index + 1, times)
        if token.text in self._language.weak and not self._is_beside_digits(index):
            return "", index
        sound = self._language.sounds.get(token.text)
        if sound is not None and self._is_between_digits(index):
            return str(sound), index + 1
        return self._numbers.read(index)

    def _touches_letters(self, index: int) -> bool:
        token, tokens = self._tokens[index], self._tokens
        before = tokens[index - 1] if index else None
        after = tokens[index + 1] if index + 1 < len(tokens) else None
        return bool(before and before.is_word and is_glued(before, token)) or bool(
            after and after.is_word and is_glued(token, after)
        )

    def _is_beside_digits(self, index: int) -> bool:
        if self._groups and self._words_between == 0:
            return True
        after = self._tokens[index + 1] if index + 1 < len(self._tokens) else None
        return after is not None and (
            after.is_numeral or self._numbers.value(index + 1) is not None
        )

    def _is_between_digits(self, index: int) -> bool:
        """Whether single digits stand right before and behind: four four *to* one."""
        before, after = (
            self._numbers.value(index - 1) if index else None,
            self._numbers.value(index + 1),
        )
        return before is not None and after is not None and max(before, after) < 10

    def _read_repeated(self, index: int, times: int) -> tuple[str, int]:
        if index < len(self._tokens):
            token = self._tokens[index]
            digit = token.text if token.is_numeral else str(self._numbers.value(index))
            if len(digit) == 1:
                return digit * times, index + 1
        return "", index - 1
