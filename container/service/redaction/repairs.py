"""What people take back while they say a number ("eight, no, sorry, nine") or say twice.

It works on pieces of what was said, and does not know what they mean.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# Nobody takes back more in one go, and what has more pieces is no number that is looked for.
_MOST_TAKEN_BACK = 8
_MOST_PIECES = 40
_MOST_CORRECTIONS = 2
_MOST_REPEATED = 6


def repair(count: int, corrections: Sequence[int]) -> Iterator[list[int]]:
    """Which of `count` pieces may be meant when those before the corrections are taken back.

    A correction is the index of the piece behind it; before the first one, something always stays.
    """
    if count > _MOST_PIECES or not corrections:
        return
    places = corrections[:_MOST_CORRECTIONS]
    for taken in product(*(range(min(place, _MOST_TAKEN_BACK + 1)) for place in places)):
        if any(taken):
            yield _leave_out(count, zip(places, taken, strict=True))


def leave_out_repeated(pieces: Sequence[str]) -> Iterator[list[int]]:
    """Which pieces are left when some that are said twice in a row are meant once."""
    if len(pieces) > _MOST_PIECES:
        return
    for place in range(1, len(pieces)):
        for size in range(1, min(place, _MOST_REPEATED) + 1):
            said = pieces[place - size : place]
            if said == pieces[place : place + size] and len(set("".join(said))) > 1:
                yield _leave_out(len(pieces), [(place, size)])


def _leave_out(
    count: int, taken_back: Iterator[tuple[int, int]] | list[tuple[int, int]]
) -> list[int]:
    gone = {index for place, taken in taken_back for index in range(place - taken, place)}
    return [index for index in range(count) if index not in gone]
