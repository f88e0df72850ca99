"""What has to be known of a language, and how its number words are put together.

All words are folded: lower case, no accents. Each language is a module of this package, and its
data alone; what is done with the words is not known here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from service.redaction.tokens import word_set

NONE: frozenset[str] = frozenset()
# Sounds of hesitation and acknowledgement that are the same everywhere.
HESITATIONS = word_set(
    """
    ah ahm eee eh ehm em er erm euh ham hm hmm hum mhm mm mmm ohm ok okay oke okej uh uhh uhm um umm
    yyy
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Words that say what a number is: "card", "Handynummer", "order"."""

    card: frozenset[str]
    iban: frozenset[str] = NONE
    phone: frozenset[str]
    national_id: frozenset[str]
    # Numbers of things: with such a name it is no phone number, however much it looks like one.
    other: frozenset[str]
    # What makers print on things: such numbers may have the length of a card's.
    serial: frozenset[str]
    # Some id or other: no phone number, but it may be a national id.
    some_id: frozenset[str] = NONE
    # "My number is" or "the number is", and nothing nearer: a phone number.
    mine: frozenset[str]
    article: frozenset[str] = NONE
    number: frozenset[str]
    verb: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """How the signs of e-mail addresses are said; words of several parts have underscores."""

    # Says @ and nothing else, as English "at" does not.
    at: frozenset[str] = NONE
    dot: frozenset[str]
    joins: frozenset[str]
    # No mailbox's name: what stands before "at" in "look at example dot com".
    no_mailbox: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Language:
    """How one language says digits; `numbers` has every word that is a number by itself."""

    numbers: dict[str, int]
    hundreds: frozenset[str] = NONE
    # Twelve hundred, but not twenty hundred.
    most_hundreds: int = 19
    thousands: frozenset[str] = NONE
    millions: frozenset[str] = NONE
    # Double four, three fours, three times four.
    repeats: dict[str, int]
    plurals: dict[str, int] = field(default_factory=dict)
    times: frozenset[str] = NONE
    # Begins an international phone number.
    plus: frozenset[str]
    # Words inside one number (forty *and* one), which between numbers mean nothing.
    joins: frozenset[str] = NONE
    needs_join: bool = False
    units_first: bool = False
    counts_by_twenties: bool = False
    # What is said between digits: signs, and what comes next.
    fillers: frozenset[str]
    # Whether the other has got it, which part it is: only with a name such digits are one number,
    # or if nothing else about them is odd.
    asides: frozenset[str]
    # Takes back what was said before it.
    corrections: frozenset[str]
    # What means a digit only beside other digits, and what sounds like one between them.
    weak: frozenset[str] = NONE
    sounds: dict[str, int] = field(default_factory=dict)
    # What means no digit before some words: the last *one* is, *one* moment.
    no_digits: dict[str, frozenset[str]] = field(default_factory=dict)
    # Names of letters that are long enough not to be anything else: hache, ypsilon.
    letters: dict[str, str] = field(default_factory=dict)
    # D *as in* Dora.
    likenesses: frozenset[str] = NONE
    names: Names
    address: Address

    @cached_property
    def uncertain(self) -> frozenset[str]:
        """Every word that is not the same digits wherever it stands."""
        return self.weak | self.no_digits.keys() | self.repeats.keys() | self.sounds.keys()

    @cached_property
    def between(self) -> frozenset[str]:
        """Every word that may stand between the digits of one number."""
        return HESITATIONS | self.fillers | self.asides | self.corrections | self.no_digits.keys()


def count(words: str, start: int = 0, step: int = 1) -> dict[str, int]:
    """Number words in order; spellings of the same number are joined by a slash."""
    rows = enumerate(words.split())
    return {word: start + step * row for row, spellings in rows for word in spellings.split("/")}


def spell(letters: str) -> dict[str, str]:
    """Which letter each name means: "hache=H jota=J"."""
    return dict(pair.split("=") for pair in letters.split())


def join_units_first(stems: dict[str, int], tens: dict[str, int], join: str) -> dict[str, int]:
    """Units before tens as one word: einundzwanzig."""
    return {
        stem + join + ten: unit + value
        for stem, unit in stems.items()
        for ten, value in tens.items()
    }


def join_hundreds(stems: dict[str, int], numbers: dict[str, int], hundred: str) -> dict[str, int]:
    """Hundreds as one word, alone and with what follows them: vierhundert, vierhundertzwei."""
    heads = {hundred: 100} | {stem + hundred: 100 * unit for stem, unit in stems.items()}
    tails = {"": 0} | {word: value for word, value in numbers.items() if value}
    return {
        head + tail: hundreds + value
        for head, hundreds in heads.items()
        for tail, value in tails.items()
    }
