"""Codes of letters and digits as they are written and spelled: IBANs, ids with letters.

It makes rows of characters from tokens; it does not know which rows are codes.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from service.redaction.languages import HESITATIONS
from service.redaction.letters import LETTER_WORDS, letter_end
from service.redaction.repairs import repair
from service.redaction.tokens import is_glued

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from service.redaction.readings import Reading
    from service.redaction.tokens import Token

_MOST_LETTERS = 6
_MOST_LOOSE_LETTERS = 4
_MOST_FILLERS = 3
_SHORTEST = 8
_SIGNS_BETWEEN = frozenset("-./,·?!¿¡'")


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
    pieces: list[_Piece] = []
    corrections: list[int] = []
    language = reading.language
    for piece in _read_pieces(reading):
        gap = reading.tokens[pieces[-1].after : piece.first] if pieces else ()
        words = {token.text for token in gap} - _SIGNS_BETWEEN
        if not words <= language.between:
            yield from _make_rows(pieces, corrections)
            pieces, corrections = [], []
        elif not words.isdisjoint(language.corrections):
            corrections.append(len(pieces))
        pieces.append(piece)
    yield from _make_rows(pieces, corrections)


def _make_rows(pieces: Sequence[_Piece], corrections: Sequence[int]) -> Iterator[Row]:
    """The row as it was said, and as it may be meant where something was taken back."""
    yield from _make_row(pieces)
    for kept in repair(len(pieces), corrections):
        yield from _make_row([pieces[index] for index in kept])


def _make_row(pieces: Sequence[_Piece]) -> Iterator[Row]:
    characters = "".join(piece.characters for piece in pieces)
    if len(characters) < _SHORTEST or characters.isdecimal() or characters.isalpha():
        return
    ends = tuple(accumulate(len(piece.characters) for piece in pieces))
    places = tuple((piece.first, piece.after - 1) for piece in pieces)
    yield Row(characters, places, ends)


def _read_pieces(reading: Reading) -> Iterator[_Piece]:
    groups = (group for run in reading.runs for group in run.groups)
    spoken = {one.first: _Piece(one.digits, one.first, one.last + 1) for one in groups}
    index = 0
    while index < len(reading.tokens):
        piece = spoken.get(index) or _read_letters(reading, index)
        if piece:
            yield piece
        index = piece.after if piece else index + 1


def _read_letters(reading: Reading, index: int) -> _Piece | None:
    token = reading.tokens[index]
    if token.is_word and len(token.text) == 1 and token.text.isascii():
        return _read_letter(reading.tokens, index)
    if token.is_numeral:
        characters = token.text
    elif token.is_word:
        is_code = _is_code(reading, index)
        characters = LETTER_WORDS.get(token.text) or (token.text.upper() if is_code else "")
    else:
        return None
    return _Piece(characters, index, index + 1) if characters else None


def _is_code(reading: Reading, index: int) -> bool:
    """Letters are part of a code in capitals, or beside a numeral if they are few or glued."""
    token, tokens = reading.tokens[index], reading.tokens
    word = token.text
    if len(word) > _MOST_LETTERS or word in HESITATIONS or not word.isascii():
        return False
    if reading.text[token.start : token.end].isupper():
        return True
    before = tokens[max(0, index - _MOST_FILLERS) : index]
    if word in reading.language.between and any(one.is_numeral for one in before):
        return False
    around = [*before[-1:], *tokens[index + 1 : index + 2]]
    is_short = len(word) <= _MOST_LOOSE_LETTERS
    return any(
        other.is_numeral and (is_short or is_glued(other, token) or is_glued(token, other))
        for other in around
    )


def _read_letter(tokens: Sequence[Token], index: int) -> _Piece | None:
    """A spelled letter, with the word that explains it."""
    if index and tokens[index - 1].text == "'":
        return None
    return _Piece(tokens[index].text.upper(), index, letter_end(tokens, index))
