"""A plain text cut into words, numerals and signs, each with its place. It knows no meanings."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# Stands in for what is redacted already: neither letter, digit nor space, so nothing spans it.
MASK = "\ue000"
_PIECE = re.compile(rf"(\d+)|([^\W\d_]+)|({MASK}+|[^\w\s]|_)")
_NUMERAL, _WORD_PIECE, _SIGN = 1, 2, 3
_WORD = re.compile(r"[^\W\d_]+")
# Letters that have no decomposition into a base letter and an accent.
_SPECIAL_LETTERS = {"ł": "l", "ß": "ss", "ø": "o", "đ": "d", "\u0131": "i"}
# Texts may be made of ever other characters; memory must not grow with them.
_MOST_KNOWN = 5000


class CharacterTable(dict[int, str]):
    """What `str.translate` makes of each character: told by a function, kept when first asked."""

    def __init__(self, tell: Callable[[str], str]) -> None:
        super().__init__()
        self._tell = tell

    def __missing__(self, code: int) -> str:
        translated = self._tell(chr(code))
        if len(self) < _MOST_KNOWN:
            self[code] = translated
        return translated


def _fold(character: str) -> str:
    if character in _SPECIAL_LETTERS:
        return _SPECIAL_LETTERS[character]
    parts = unicodedata.normalize("NFKD", character)
    return "".join(part for part in parts if not unicodedata.combining(part))


_FOLDED = CharacterTable(_fold)


class Token(NamedTuple):
    """A word, a numeral or a sign; `text` is folded, `start` and `end` count in the utterance."""

    text: str
    start: int
    end: int
    is_word: bool
    is_numeral: bool


class Finding(NamedTuple):
    """Something to redact: its kind and its place in the utterance."""

    kind: str
    start: int
    end: int


def word_set(text: str) -> frozenset[str]:
    """The words of a text, as the tables of this package have them."""
    return frozenset(text.split())


def fold(text: str) -> str:
    """The text in lower case without accents: speech-to-text writes them or not."""
    text = text.lower()
    return text if text.isascii() else text.translate(_FOLDED)


def split_words(text: str) -> list[str]:
    """The folded words of a text, without places: much faster than tokens."""
    return _WORD.findall(fold(text))


def split_tokens(text: str) -> list[Token]:
    """A plain text's words, runs of digits and single signs, in order, without white space."""
    return [_make_token(match) for match in _PIECE.finditer(text.lower())]


def _make_token(match: re.Match[str]) -> Token:
    piece, kind = match.group(), match.lastindex
    if kind == _SIGN:
        piece = piece[0]
    elif kind == _WORD_PIECE and not piece.isascii():
        piece = fold(piece)
    return Token(piece, *match.span(), kind == _WORD_PIECE, kind == _NUMERAL)


def is_name(token: Token) -> bool:
    """Whether a token may be a name or a part of one."""
    return token.is_word or token.is_numeral


def is_glued(left: Token, right: Token) -> bool:
    """Whether nothing, not even a space, stands between two neighbours."""
    return left.end == right.start


def mask(text: str, findings: Iterable[Finding]) -> str:
    """The text with the findings blotted out; every other character keeps its place."""
    pieces, position = [], 0
    for _, start, end in sorted(findings, key=lambda finding: finding.start):
        pieces += [text[position:start], MASK * (end - start)]
        position = end
    return "".join((*pieces, text[position:]))
