"""Codes of letters and digits as they are written and spelled: IBANs, ids with letters.

It makes rows of characters from tokens; it does not know which rows are codes.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from service.redaction.languages import HESITATIONS
from service.redaction.tokens import is_glued, word_set

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from service.redaction.runs import Reading, Run
    from service.redaction.tokens import Token

_ALPHABET = """
alpha alfa bravo charlie delta echo foxtrot golf hotel india juliet juliett kilo lima mike november
oscar papa quebec romeo sierra tango uniform victor whiskey xray yankee zulu
"""
_LETTER_NAMES = {"zed": "Z", "zee": "Z", "zeta": "Z", "equis": "X", "jota": "J", "ypsilon": "Y"}
_LETTER_WORDS = _LETTER_NAMES | {word: word[0].upper() for word in _ALPHABET.split()}
# D as in Dora, D wie Dora, D comme Denise …
_AS_IN = word_set(
    """
    as like for wie come como comme als jak van de
    """
)
_IN = frozenset(["in"])
_MOST_LETTERS = 6
_MOST_LOOSE_LETTERS = 4
_SHORTEST = 8
_BETWEEN = HESITATIONS | frozenset("-./,·")


class Row(NamedTuple):
    """Characters in a row, and which tokens they come from: first and last of each piece.

    `ends` has the length of the row behind each piece.
    """

    characters: str
    pieces: tuple[tuple[int, int], ...]
    ends: tuple[int, ...]

    def place(self, low: int, high: int) -> tuple[int, int] | None:
        """The first and the last token of characters `low` to `high`; None inside of pieces."""
        head = bisect_left(self.ends, low + 1)
        tail = bisect_left(self.ends, high)
        begins = self.ends[head - 1] if head else 0
        if begins != low or tail == len(self.ends) or self.ends[tail] != high:
            return None
        return self.pieces[head][0], self.pieces[tail][1]


class _Piece(NamedTuple):
    characters: str
    first: int
    after: int


def read_rows(reading: Reading) -> Iterator[Row]:
    """Every row that has letters and digits enough for a code, in order."""
    tokens, pieces = reading.tokens, list[_Piece]()
    fillers = reading.language.fillers
    for piece in _read_pieces(reading):
        gap = tokens[pieces[-1].after : piece.first] if pieces else ()
        if any(token.text not in _BETWEEN and token.text not in fillers for token in gap):
            yield from _make_row(pieces)
            pieces = []
        pieces.append(piece)
    yield from _make_row(pieces)


def _make_row(pieces: Sequence[_Piece]) -> Iterator[Row]:
    characters = "".join(piece.characters for piece in pieces)
    if len(characters) < _SHORTEST or characters.isdecimal() or characters.isalpha():
        return
    ends = tuple(accumulate(len(piece.characters) for piece in pieces))
    places = tuple((piece.first, piece.after - 1) for piece in pieces)
    yield Row(characters, places, ends)


def _read_pieces(reading: Reading) -> Iterator[_Piece]:
    spoken = _digits_by_token(reading.runs, reading.tokens)
    index = 0
    while index < len(reading.tokens):
        piece = spoken.get(index) or _read_letters(reading.text, reading.tokens, index)
        if piece:
            yield piece
        index = piece.after if piece else index + 1


def _digits_by_token(runs: Sequence[Run], tokens: Sequence[Token]) -> dict[int, _Piece]:
    indexes = {token.start: index for index, token in enumerate(tokens)}
    ends = {token.end: index + 1 for index, token in enumerate(tokens)}
    pieces: dict[int, _Piece] = {}
    for group in (group for run in runs for group in run.groups):
        first = indexes[group.start]
        # An international number's place begins with its plus, which is no character.
        first += tokens[first].text in {"+", "plus", "mas", "piu"}
        pieces[first] = _Piece(group.digits, first, ends[group.end])
    return pieces


def _read_letters(text: str, tokens: Sequence[Token], index: int) -> _Piece | None:
    token = tokens[index]
    if token.is_numeral:
        return _Piece(token.text, index, index + 1)
    if not token.is_word or not token.text.isascii():
        return None
    letter = _LETTER_WORDS.get(token.text)
    if letter:
        return _Piece(letter, index, index + 1)
    if len(token.text) == 1:
        return _read_letter(tokens, index)
    if len(token.text) > _MOST_LETTERS or not _is_code(text, tokens, index):
        return None
    return _Piece(token.text.upper(), index, index + 1)


def _is_code(text: str, tokens: Sequence[Token], index: int) -> bool:
    """Letters are part of a code in capitals, or beside a numeral if they are few or glued."""
    token = tokens[index]
    if text[token.start : token.end].isupper():
        return True
    around = [tokens[at] for at in (index - 1, index + 1) if 0 <= at < len(tokens)]
    numerals = [other for other in around if other.is_numeral]
    is_short = len(token.text) <= _MOST_LOOSE_LETTERS and token.text not in _BETWEEN
    return (is_short and bool(numerals)) or any(
        is_glued(other, token) or is_glued(token, other) for other in numerals
    )


def _read_letter(tokens: Sequence[Token], index: int) -> _Piece | None:
    """A spelled letter, with the word that explains it."""
    letter = tokens[index].text
    if index and tokens[index - 1].text == "'":
        return None
    after = index + 1
    if after < len(tokens) and tokens[after].text in _AS_IN:
        after += 1 + (after + 1 < len(tokens) and tokens[after + 1].text in _IN)
        if after < len(tokens) and tokens[after].text.startswith(letter):
            return _Piece(letter.upper(), index, after + 1)
    return _Piece(letter.upper(), index, index + 1)
