"""Payment cards in runs of digits: issuer's prefix, length and check digit.

A number that people call a card is one even if its check digit is wrong: most of a misheard card
number is still the card number. https://www.iso.org/standard/70484.html has prefix and check.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from service.redaction.naming import CARD, SERIAL
from service.redaction.tokens import Finding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.redaction.runs import Group, Run

SHORTEST, LONGEST = 13, 19
# Misheard cards may have digits too few or too many.
_SHORTEST_NAMED = 12
_LONGEST_NAMED = 24
# With digits that were taken back.
_LONGEST_REPAIRED = 30
# Counts and times are said in bits with asides between; of a card people part one at most so.
_MOST_BITS = 1


class _Issuer(NamedTuple):
    """Card numbers from one four-digit prefix to another, and how long they are."""

    low: int
    high: int
    lengths: frozenset[int]


def _issuer(low: int, high: int, *lengths: int) -> _Issuer:
    return _Issuer(low, high, frozenset(lengths))


# https://en.wikipedia.org/wiki/Payment_card_number#Issuer_identification_number_(IIN)
_ISSUERS = (
    _issuer(2200, 2204, 16, 17, 18, 19),
    _issuer(2221, 2720, 16),
    _issuer(3000, 3059, 14, 16),
    _issuer(3400, 3499, 15),
    _issuer(3528, 3589, 16, 17, 18, 19),
    _issuer(3600, 3699, 14, 16),
    _issuer(3700, 3799, 15),
    _issuer(3800, 3999, 14, 16),
    _issuer(4000, 4999, 13, 16, 19),
    _issuer(5000, 5099, 16, 17, 18, 19),
    _issuer(5100, 5599, 16),
    _issuer(5600, 5899, 16, 17, 18, 19),
    _issuer(6000, 6999, 16, 17, 18, 19),
    _issuer(8100, 8299, 16),
    _issuer(9792, 9792, 16),
)


def find_cards(run: Run, name: str | None) -> list[Finding]:
    """The cards in a run of digits that the words around it call `name`."""
    if name == SERIAL and len(run.groups) == 1:
        return []  # In one piece, as makers print them.
    if len(run.digits) < _SHORTEST_NAMED:
        return []
    if name == CARD:
        return _find_valid(run) or _find_repaired(run, name) or _find_named(run)
    return _find_valid(run, _MOST_BITS) or _find_repaired(run, name)


def _find_repaired(run: Run, name: str | None) -> list[Finding]:
    """The card that is left when what was taken back is left out, with all that was said."""
    if len(run.digits) > _LONGEST_REPAIRED:
        return []
    card = next(filter(_is_valid, run.repaired(name)), None)
    return [_finding(card.groups)] if card else []


def _is_valid(run: Run) -> bool:
    digits = run.digits
    return len(digits) in _lengths(digits[:4]) and _CheckSums(digits).is_right(0, len(digits))


def _find_valid(run: Run, most_bits: int = LONGEST) -> list[Finding]:
    """The cards by their check digits alone; asides leave at most so many bits of one or two."""
    groups, found = run.groups, list[Finding]()
    sums, index = _CheckSums(run.digits), 0
    starts = _starts(groups)
    while index < len(groups):
        after = _card_end(groups, starts, index, sums)
        card = run.part(index, after)
        if after and sum(digits < 3 for digits in card.stretches) <= most_bits:
            found.append(_finding(card.groups))
        index = max(after, index + 1)
    return found


def _find_named(run: Run) -> list[Finding]:
    """What is called a card, although its check digit is wrong."""
    groups, after, total = run.groups, 0, 0
    if len(run.stretches) > 1 and (min(run.stretches) < 3 or not _lengths(run.digits[:4])):
        return []  # Counts and times, parted by asides.
    while after < len(groups) and total + len(groups[after].digits) <= _LONGEST_NAMED:
        total += len(groups[after].digits)
        after += 1
        if total >= LONGEST:
            break
    return [_finding(groups[:after])] if total >= _SHORTEST_NAMED else []


def _finding(groups: Sequence[Group]) -> Finding:
    return Finding("card", groups[0].start, groups[-1].end)


def _starts(groups: Sequence[Group]) -> list[int]:
    """At which digit each group starts, and where the last one ends."""
    starts = [0]
    for group in groups:
        starts.append(starts[-1] + len(group.digits))
    return starts


def _card_end(groups: Sequence[Group], starts: Sequence[int], index: int, sums: _CheckSums) -> int:
    """Behind which group a card ends that starts with group `index`; 0 if there is none."""
    low = starts[index]
    lengths = _lengths(sums.digits[low : low + 4])
    best = 0
    for after in range(index + 1, len(groups) + 1):
        length = starts[after] - low
        if length > LONGEST:
            break
        if length in lengths and sums.is_right(low, starts[after]):
            best = after
    return best


def _lengths(prefix: str) -> frozenset[int]:
    value = int(prefix) if len(prefix) == 4 else 0
    return next((known for low, high, known in _ISSUERS if low <= value <= high), frozenset())


class _CheckSums:
    """Luhn's check for any part of a row of digits in constant time.

    Every second digit counts double, from the right; so sums are kept for both parities.
    """

    def __init__(self, digits: str) -> None:
        self.digits = digits
        sums: tuple[list[int], list[int]] = ([0], [0])
        for position, character in enumerate(digits):
            digit = int(character)
            doubled = digit * 2 - 9 * (digit > 4)
            for parity, row in enumerate(sums):
                row.append(row[-1] + (digit if position % 2 == parity else doubled))
        self._sums = sums

    def is_right(self, low: int, high: int) -> bool:
        """Whether digits `low` to `high` (excluded) end with their check digit."""
        row = self._sums[(high - 1) % 2]
        is_varied = len(set(self.digits[low:high])) > 1
        return (row[high] - row[low]) % 10 == 0 and is_varied
