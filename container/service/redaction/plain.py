"""A text as it looks to a reader: without unseen signs, with plain digits, dashes and letters.

It maps places in the plain text back to the text as it is; it knows neither words nor numbers.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from service.redaction.tokens import CharacterTable, Finding

if TYPE_CHECKING:
    from collections.abc import Sequence

# Unseen though they count as letters or symbols.
_BLANKS = dict.fromkeys("\u115f\u1160\u2800\u3164\uffa0", "")
_SIGNS = (
    dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212\ufe63", "-")
    | dict.fromkeys("\u2018\u2019\u02bc\u2032", "'")
    | dict.fromkeys("\u2022\u2027\u2219\u30fb", "·")
    | {"\u2026": ",", "\u3002": "."}
    # The one letter that is two in lower case: so places are the same there.
    | {"\u0130": "I"}
)
# Control and format characters, accents and other marks upon letters.
_UNSEEN_CATEGORIES = frozenset({"Cc", "Cf", "Mn", "Me"})


def _look(character: str) -> str:
    if character.isspace():
        return character
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    known = (_BLANKS | _SIGNS).get(character)
    if known is not None:
        return known
    if unicodedata.category(character) in _UNSEEN_CATEGORIES:
        return ""
    same = unicodedata.normalize("NFKC", character)
    return same if len(same) == 1 else character


_TABLE = CharacterTable(_look)


class PlainText:
    """A text in its plain form; `find`ings in that form have a place in the text, too."""

    def __init__(self, text: str) -> None:
        self._places: Sequence[int] | None = None
        self.text = text
        if text.isascii() and text.isprintable():
            return
        self.text = text.translate(_TABLE)
        if len(self.text) != len(text):
            self._places = [at for at, sign in enumerate(text) if _TABLE[ord(sign)]]

    def locate(self, finding: Finding) -> Finding:
        """Where in the text stands what was found in its plain form."""
        if self._places is None:
            return finding
        kind, start, end = finding
        return Finding(kind, self._places[start], self._places[end - 1] + 1)
