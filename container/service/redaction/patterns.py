r"""Patterns of the operator's own: a part of regular expressions that is always fast.

Python's `re` tries every way in which a pattern may match, and some patterns have more ways than
anybody can wait for. So the ways are counted when a pattern is read: repetitions must be bounded
(`\d{4,8}`, never `\d+`), and one place in a text may be matched in a limited number of ways. Then
time grows with the length of the text alone. Look-around and references back are not understood.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from service.redaction.tokens import MASK, Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MOST_WAYS = 1000
_LONGEST_PATTERN = 1000
_MOST_REPEATS = 100
_REPEAT = re.compile(r"\{(\d{1,4})(,(\d{0,4}))?\}")
_ESCAPE = re.compile(r"\\([dDwWsSbBtn]|[^\w\s]|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4})")
_CLASS = re.compile(r"\[\^?\]?(\\.|[^\]\\])*\]")


class Pattern:
    """One pattern and the kind of what it finds. Raises ValueError with a one-line remedy."""

    def __init__(self, name: str, expression: str) -> None:
        try:
            _Reading(expression).check()
            self._compiled = re.compile(expression, re.IGNORECASE)
        except re.error as error:
            raise ValueError(f"{name} is no regular expression: {error}") from None
        except ValueError as error:
            raise ValueError(f"{name} {error}") from None
        if self._compiled.search("") or self._compiled.fullmatch(""):
            raise ValueError(f"{name} matches the empty text; let it match one character at least")
        self.name = name

    def find(self, text: str) -> Iterator[Finding]:
        """Its matches, from left to right."""
        for match in self._compiled.finditer(text):
            if MASK not in match.group() and match.group().strip():
                yield Finding(self.name, *match.span())


def make_patterns(expressions: Mapping[str, str]) -> list[Pattern]:
    """A pattern for each name and expression."""
    return [Pattern(name, expression) for name, expression in expressions.items()]


class _Reading:
    """One pass over an expression that counts in how many ways it may match at one place."""

    def __init__(self, expression: str) -> None:
        self._text, self._place = expression, 0

    def check(self) -> None:
        if len(self._text) > _LONGEST_PATTERN:
            raise ValueError(f"is too long; give at most {_LONGEST_PATTERN} characters")
        if self._read_choice(depth=0) > MOST_WAYS:
            raise ValueError(_TOO_MANY_WAYS)
        if self._place < len(self._text):
            raise ValueError("has a ) too many; write \\) for the sign itself")

    def _read_choice(self, depth: int) -> int:
        """The ways of alternatives, up to the bracket that closes them."""
        if depth > 10:
            raise ValueError("has too many brackets in brackets; make it simpler")
        ways = self._read_sequence(depth)
        while self._takes("|"):
            ways += self._read_sequence(depth)
        return ways

    def _read_sequence(self, depth: int) -> int:
        ways = 1
        while self._place < len(self._text) and self._text[self._place] not in "|)":
            ways *= self._read_repeats(self._read_atom(depth))
            if ways > MOST_WAYS:
                raise ValueError(_TOO_MANY_WAYS)
        return ways

    def _read_atom(self, depth: int) -> int:
        if self._takes("("):
            return self._read_group(depth)
        for known, mark in ((_ESCAPE, "\\"), (_CLASS, "[")):
            if self._text[self._place] == mark:
                match = known.match(self._text, self._place)
                if match is None:
                    raise ValueError(f"has {mark} in a way that is not understood here")
                self._place = match.end()
                return 1
        if self._text[self._place] in "*+?":
            raise ValueError("repeats nothing; write \\ before the sign itself")
        self._place += 1
        return 1

    def _read_group(self, depth: int) -> int:
        if self._takes("?") and not self._takes(":"):
            raise ValueError("looks around or names groups; only (…) and (?:…) are understood")
        ways = self._read_choice(depth + 1)
        if not self._takes(")"):
            raise ValueError("has a ( too many; write \\( for the sign itself")
        return ways

    def _read_repeats(self, ways: int) -> int:
        """The ways of one atom with the repetition behind it."""
        if self._place < len(self._text) and self._text[self._place] in "*+":
            raise ValueError("repeats without end; write {1,20} in the place of + or *")
        place = self._place
        least, most = self._read_bounds()
        is_repeated = place < self._place < len(self._text)
        if is_repeated and self._text[self._place] in "*+?{":
            raise ValueError("repeats a repetition; write one {…} with both bounds")
        if most > _MOST_REPEATS:
            raise ValueError(f"repeats more than {_MOST_REPEATS} times; give a lower bound")
        if ways == 1:
            return most - least + 1
        return sum(ways**count for count in range(least, most + 1))

    def _read_bounds(self) -> tuple[int, int]:
        if self._takes("?"):
            self._takes("?")
            return 0, 1
        match = _REPEAT.match(self._text, self._place)
        if match is None:
            return 1, 1
        if match[2] and not match[3]:
            raise ValueError("repeats without end; write both bounds, such as {2,20}")
        self._place = match.end()
        least = int(match[1])
        most = int(match[3]) if match[3] else least
        self._takes("?")
        return least, most

    def _takes(self, sign: str) -> bool:
        is_there = self._text.startswith(sign, self._place)
        self._place += is_there
        return is_there


_TOO_MANY_WAYS = "may match in too many ways; give narrower bounds or fewer alternatives"
