"""Which messages of two transcripts of one conversation are the same. Pure.

Both are in order, each may lack some, and one may have heard other words. Of all ways to lay them
side by side the one is taken in which most is alike (https://doi.org/10.1016/0022-2836(70)90057-4).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, takewhile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_SAME, _CUT = 10.0, 9.0
# Of the words of the text with more of them, the least that are in both if they are one utterance
# heard twice, which then are near each other in time too.
_LEAST_SHARED = 0.6
# Where words are not stored, messages of one role and moment are one.
_SAME_MOMENT_SECONDS = 3.0
_NEAR_SECONDS = 30.0
_AGENT = "agent"
_WORD = re.compile(r"\w+")
# Of messages that are laid side by side; each takes some 60 bytes and 2 microseconds.
_MOST_PAIRS = 10_000_000


class TooLong(Exception):
    """Two transcripts differ over so long a stretch that to compare it takes too much."""


@dataclass(frozen=True)
class Utterance:
    """A message as far as it is compared. `texts` are its forms: as sent, as heard; or none.

    `lengths` are in characters, before anything was taken out; `at` is in epoch seconds.
    """

    role: str
    texts: tuple[str, ...]
    lengths: tuple[int, ...]
    at: float

    @cached_property
    def words(self) -> tuple[tuple[str, ...], ...]:
        """The words of each text, without case and punctuation."""
        return tuple(tuple(_WORD.findall(text.casefold())) for text in self.texts)


def align(first: Sequence[Utterance], second: Sequence[Utterance]) -> list[int | None]:
    """For each of the first transcript its place in the second, None if it isn't there.

    Beginnings and ends that are the same cost little; the rest takes the product of the lengths.
    Raises TooLong.
    """
    begin = _count_same(zip(first, second, strict=False))
    rest = min(len(first), len(second)) - begin
    end = _count_same(islice(zip(reversed(first), reversed(second), strict=False), rest))
    places = _align(first[begin : len(first) - end], second[begin : len(second) - end])
    return [
        *range(begin),
        *(None if place is None else begin + place for place in places),
        *range(len(second) - end, len(second)),
    ]


def _count_same(pairs: Iterable[tuple[Utterance, Utterance]]) -> int:
    """How many pairs in a row are the same for sure: in words and in time.

    Whatever else one of such a pair could be laid beside would be as little alike as makes no
    difference.
    """
    return sum(1 for _ in takewhile(lambda pair: _is_same(*pair), pairs))


def _is_same(one: Utterance, other: Utterance) -> bool:
    is_near = abs(one.at - other.at) <= _SAME_MOMENT_SECONDS
    return is_near and rate_likeness(one, other) > _SAME


def _align(first: Sequence[Utterance], second: Sequence[Utterance]) -> list[int | None]:
    rows, columns = len(first), len(second)
    if rows * columns > _MOST_PAIRS:
        raise TooLong
    likeness = [[rate_likeness(one, other) for other in second] for one in first]
    # best[i][j]: of what is behind place i of the first and place j of the second.
    best = [[0.0] * (columns + 1) for _ in range(rows + 1)]
    for i in reversed(range(rows)):
        for j in reversed(range(columns)):
            both = likeness[i][j] + best[i + 1][j + 1] if likeness[i][j] else 0.0
            best[i][j] = max(both, best[i + 1][j], best[i][j + 1])
    places: list[int | None] = [None] * rows
    i = j = 0
    while i < rows and j < columns:
        if likeness[i][j] and best[i][j] == likeness[i][j] + best[i + 1][j + 1]:
            places[i] = j
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
    return places


def rate_likeness(one: Utterance, other: Utterance) -> float:
    """How sure it is that both are one message; 0 if they are not."""
    if one.role != other.role:
        return 0.0
    apart = abs(one.at - other.at)
    nearness = 1.0 - min(apart, _NEAR_SECONDS) / _NEAR_SECONDS
    if not (one.texts and other.texts):
        if set(one.lengths) & set(other.lengths):
            return _SAME + nearness
        return nearness if apart <= _SAME_MOMENT_SECONDS else 0.0
    if set(one.texts) & set(other.texts):
        return _SAME + nearness
    likeness = max(_compare(a, b) for a in one.words for b in other.words)
    # What an agent says is heard by nobody here: other words are another answer, however alike.
    is_heard = one.role != _AGENT or likeness == _CUT or apart <= _SAME_MOMENT_SECONDS
    is_sure = likeness == _SAME or (likeness and nearness and is_heard)
    return likeness + nearness if is_sure else 0.0


def _compare(one: tuple[str, ...], other: tuple[str, ...]) -> float:
    if not one or not other:
        return 0.0
    if one == other:
        return _SAME
    shorter = min(len(one), len(other))
    if one[:shorter] == other[:shorter]:
        return _CUT
    shared = len({*one} & {*other}) / max(len({*one}), len({*other}))
    return shared * _CUT if shared >= _LEAST_SHARED else 0.0
