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
# Names of letters that are long enough not to be anything else.
_NAMES_BY_LETTER = {
    "F": "efe effe",
    "H": "hache acca aga",
    "J": "jota jot",
    "L": "ele elle",
    "M": "eme emme",
    "N": "ene enne",
    "R": "erre",
    "S": "ese esse",
    "V": "uve vau",
    "X": "equis xis ix",
    "Y": "ypsilon",
    "Z": "zed zee zeta zet zett",
}
_LETTER_NAMES = {
    name: letter for letter, names in _NAMES_BY_LETTER.items() for name in names.split()
}
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
        piece = spoken.get(index) or _read_letters(reading, index)
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


def _read_letters(reading: Reading, index: int) -> _Piece | None:
    token = reading.tokens[index]
    if token.is_word and len(token.text) == 1 and token.text.isascii():
        return _read_letter(reading.tokens, index)
    if token.is_numeral:
        characters = token.text
    elif token.is_word:
        is_code = _is_code(reading, index)
        characters = _LETTER_WORDS.get(token.text) or (token.text.upper() if is_code else "")
    else:
        return None
    return _Piece(characters, index, index + 1) if characters else None


def _is_code(reading: Reading, index: int) -> bool:
    """Letters are part of a code in capitals, or beside a numeral if they are few or glued."""
    token, tokens = reading.tokens[index], reading.tokens
    word = token.text
    if len(word) > _MOST_LETTERS or word in reading.language.fillers or not word.isascii():
        return False
    if reading.text[token.start : token.end].isupper():
        return True
    around = (tokens[at] for at in (index - 1, index + 1) if 0 <= at < len(tokens))
    is_short = len(word) <= _MOST_LOOSE_LETTERS and word not in _BETWEEN
    return any(
        other.is_numeral and (is_short or is_glued(other, token) or is_glued(token, other))
        for other in around
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
