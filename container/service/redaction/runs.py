"""Runs: digits in a row, in groups, with what stands between them weighed.

What one breath says in digits is a run. It does not know what the digits mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from service.redaction.repairs import leave_out_repeated, repair

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# How strongly two neighbouring groups of digits are parted, in rising order.
CLOSE, MIXED, PAUSE, WORDS, ASIDE, CORRECTION, PLUS = range(7)


class Group(NamedTuple):
    """Digits that were said as one: a numeral, a number word, a doubled digit.

    `start` and `end` are places in the text, with the plus of international phone numbers;
    `first` and `last` are the tokens of the digits.
    """

    digits: str
    start: int
    end: int
    first: int
    last: int
    is_spoken: bool
    parted: int


@dataclass(frozen=True)
class Run:
    """Groups in a row."""

    groups: tuple[Group, ...]

    @cached_property
    def digits(self) -> str:
        """All digits, without what stands between."""
        return "".join(group.digits for group in self.groups)

    @property
    def is_spoken(self) -> bool:
        """Whether any of it was said in words."""
        return any(group.is_spoken for group in self.groups)

    @property
    def has_plus(self) -> bool:
        """Whether it begins as international phone numbers do."""
        return self.groups[0].parted == PLUS

    @property
    def start(self) -> int:
        """Where it begins in the utterance."""
        return self.groups[0].start

    @property
    def end(self) -> int:
        """Where it ends in the utterance."""
        return self.groups[-1].end

    def shape(self) -> tuple[int, ...]:
        """The number of digits in each group."""
        return tuple(len(group.digits) for group in self.groups)

    @cached_property
    def stretches(self) -> tuple[int, ...]:
        """The number of digits in each stretch that no aside or correction interrupts."""
        cuts = [index for index, group in enumerate(self.groups) if index and group.parted >= ASIDE]
        shape = self.shape()
        return tuple(sum(shape[low:high]) for low, high in pairwise([0, *cuts, len(shape)]))

    def part(self, low: int, high: int) -> Run:
        """The run of some of the groups."""
        return Run(self.groups[low:high])

    def repaired(self, name: str | None) -> Iterator[Run]:
        """What may be meant where something was taken back, or said twice.

        Rows of plain numerals repeat themselves for other reasons, unless they have a name.
        """
        said = [group.digits for group in self.groups]
        places = [
            index for index, group in enumerate(self.groups) if index and group.parted == CORRECTION
        ]
        restarts = [index for index in places if said[index : index + 2] == said[:2]]
        if restarts:
            yield from self.part(restarts[-1], len(said)).repaired(name)
            return
        yield from map(self._keep, repair(len(said), places))
        if name or self.is_spoken:
            yield from map(self._keep, leave_out_repeated(said))

    def _keep(self, indexes: Sequence[int]) -> Run:
        return Run(tuple(self.groups[index] for index in indexes))
