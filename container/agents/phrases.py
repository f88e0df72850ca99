"""Spoken phrases: patterns in words that a whole utterance matches or does not; nothing is fuzzy.

`cancel [my] (order|purchase) {order}`: words as they are said, `[…]` may be left out, `(…|…)` is
one of several, `{…}` a slot. It knows texts, and not what they are for.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

MAX_CHARACTERS = 300
"""Longer utterances match no phrase: nobody asks for one thing in so many words."""

_PART = re.compile(r"\{(\w+)\}|([\[\]()|])|[^\s\[\](){}|]+")
_SYNTAX = {"[": "(?:", "]": ")?", "(": "(?:", ")": ")", "|": "|"}
_NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_DIGITS = {"oh": "0", "o": "0"} | {word: str(digit) for digit, word in enumerate(_NUMBERS)}


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in a phrase for what only the user knows.

    `words` is a regular expression for its words, each followed by one space. `read` makes a value
    of the text as it was said, or None if it is none.
    """

    words: str
    read: Callable[[str], str | None]


class Word(NamedTuple):
    """A word in its plain form, and where in the text it stands."""

    plain: str
    start: int
    end: int


class Utterance:
    """What was said, word by word: without punctuation, case and compatibility forms."""

    def __init__(self, text: str, most_characters: int = MAX_CHARACTERS) -> None:
        """A text of more than `most_characters` counts as if nothing was said."""
        self.text = unicodedata.normalize("NFKC", text) if len(text) <= most_characters else ""
        spaced = "".join([_separate(character) for character in self.text])
        self.words = [
            Word(match.group().casefold(), match.start(), match.end())
            for match in re.finditer(r"\S+", spaced)
        ]
        self.plain = "".join([f"{word.plain} " for word in self.words])

    def without(self, words: Collection[str]) -> Utterance:
        """The same utterance without some words, and without the punctuation behind them."""
        kept = [
            self.text[word.start : behind.start if behind else None]
            for word, behind in zip_longest(self.words, self.words[1:])
            if word.plain not in words
        ]
        return Utterance("".join(kept))

    def original(self, start: int, end: int) -> str:
        """The text as it was said of the words in a part of `plain`."""
        first, last = self.plain.count(" ", 0, start), self.plain.count(" ", 0, end) - 1
        return self.text[self.words[first].start : self.words[last].end]


class Phrases:
    """Several patterns for one thing. Raises ValueError for one that can't be read."""

    def __init__(self, patterns: Iterable[str], slots: Mapping[str, Slot]) -> None:
        self._slots = slots
        self._patterns = [_compile(pattern, slots) for pattern in patterns]

    def match(self, utterance: Utterance) -> dict[str, str] | None:
        """The values of the slots if the whole utterance is one of the phrases, else None."""
        for pattern in self._patterns:
            match = pattern.fullmatch(utterance.plain)
            if match is not None:
                values = self._read(utterance, match)
                if values is not None:
                    return values
        return None

    def occur_in(self, utterance: Utterance) -> bool:
        """Whether any of the phrases is said anywhere in the utterance."""
        starts = [0, *(match.end() for match in re.finditer(" ", utterance.plain))]
        return any(
            pattern.match(utterance.plain, start) for pattern in self._patterns for start in starts
        )

    def _read(self, utterance: Utterance, match: re.Match[str]) -> dict[str, str] | None:
        values = {}
        for name, words in match.groupdict().items():
            if words is None:
                continue  # its part of the pattern was left out
            value = self._slots[name].read(utterance.original(*match.span(name)))
            if value is None:
                return None
            values[name] = value
        return values


def spoken_code(letters: int, digits: int) -> Slot:
    """A slot for codes as they are spelled: so many letters, so many digits ("A four 1 seven")."""
    code = re.compile(rf"[a-z]{{{letters}}}[0-9]{{{digits}}}", re.ASCII)

    def read(text: str) -> str | None:
        plain = "".join(_DIGITS.get(word.plain, word.plain) for word in Utterance(text).words)
        return plain.upper() if code.fullmatch(plain) else None

    piece = rf"(?:{'|'.join(_DIGITS)}|[a-z]{{0,{letters}}}[0-9]{{1,{digits}}}|[a-z])"
    return Slot(rf"(?:{piece} ){{1,{letters + digits}}}", read)


def free_text(read: Callable[[str], str | None], most_words: int = 16) -> Slot:
    """A slot for words of the user's own choice; `read` must be strict about them."""
    return Slot(rf"(?:\S+ ){{1,{most_words}}}", read)


def _separate(character: str) -> str:
    return " " if unicodedata.category(character)[0] in "PZC" else character


def _compile(pattern: str, slots: Mapping[str, Slot]) -> re.Pattern[str]:
    parts = []
    for part in _PART.finditer(pattern):
        slot, syntax = part.groups()
        if slot is not None and slot not in slots:
            raise ValueError(f"phrase {pattern!r} has an unknown slot {slot!r}")
        if slot is not None:
            parts.append(f"(?P<{slot}>{slots[slot].words})")
        elif syntax is not None:
            parts.append(_SYNTAX[syntax])
        else:
            parts.append(re.escape(Utterance(part.group()).plain))
    try:
        return re.compile("".join(parts))
    except re.error as error:
        raise ValueError(f"phrase {pattern!r} can't be read: {error}") from None
