"""What runs of digits are: cards, national ids, phone numbers; it cuts long runs into parts.

A run is tried as a whole first. If it is nothing, it is cut where its groups are parted most
strongly, and so on: two phone numbers in one breath have more than a breath's pause between them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.redaction.cards import find_cards
from service.redaction.naming import name_of
from service.redaction.phones import holds_date
from service.redaction.runs import CLOSE
from service.redaction.tokens import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from service.redaction.national_ids import NationalIds
    from service.redaction.phones import Phones
    from service.redaction.readings import Reading
    from service.redaction.runs import Run

FEWEST_DIGITS = 7
# Ways to join parts of one run that are tried; people's longest runs have a few dozen.
_MOST_TRIES = 200
_LONGEST_PART = 15
# With digits that were taken back.
_LONGEST_REPAIRED = 30


class NumberFinder:
    """Finds the numbers of one reading of one utterance."""

    def __init__(self, reading: Reading, *, ids: NationalIds, phones: Phones) -> None:
        self._text, self._tokens = reading.text, reading.tokens
        self._ids, self._phones = ids, phones
        self._tries_left = _MOST_TRIES

    def find_in(self, run: Run) -> Iterator[Finding]:
        """Everything in a run that has to be redacted."""
        if len(run.digits) < FEWEST_DIGITS:
            return
        name = name_of(self._tokens, run.groups[0].first, run.groups[-1].last)
        cards = find_cards(run, name)
        yield from cards
        for part in _cut_around(run, cards):
            yield from self._find_others(part, name)

    def _find_others(self, run: Run, name: str | None) -> list[Finding]:
        if len(run.digits) < FEWEST_DIGITS:
            return []
        strongest = max((group.parted for group in run.groups[1:]), default=CLOSE)
        finding = self._judge(run, name)
        as_said = [finding] if finding else []
        if strongest == CLOSE or (finding and self._is_certain(run, finding)):
            return as_said
        repaired = self._judge_repaired(run, name)
        if repaired:
            return [repaired]
        # Called a phone number, it may be one and something else: after five, 415 555 0132.
        return list(self._find_in_parts(run, name, strongest)) or as_said

    def _judge_repaired(self, run: Run, name: str | None) -> Finding | None:
        """What a run certainly is when something that was taken back is left out."""
        if len(run.digits) > _LONGEST_REPAIRED:
            return None
        for variant in run.repaired(name):
            if self._tries_left <= 0:
                break
            self._tries_left -= 1
            finding = self._judge(variant, name)
            if finding and (name or self._is_certain(variant, finding)):
                return finding
        return None

    def _is_certain(self, run: Run, finding: Finding) -> bool:
        return finding.kind != "phone" or run.has_plus or self._phones.is_certain(run, self._text)

    def _find_in_parts(self, run: Run, name: str | None, strongest: int) -> Iterator[Finding]:
        parts = _cut(run, strongest)
        index = 0
        while index < len(parts):
            joined, after = self._join(run, parts, index)
            if joined:
                yield self._phone(joined)
            else:
                yield from self._find_others(run.part(*parts[index]), name)
            index = after

    def _judge(self, run: Run, name: str | None) -> Finding | None:
        may_be_id = name is not None or not holds_date(run, self._text)
        if may_be_id and self._ids.is_number(run, name):
            return Finding("national_id", run.start, run.end)
        if self._phones.is_phone(run, name, self._text):
            return self._phone(run)
        return None

    def _phone(self, run: Run) -> Finding:
        start = run.start
        has_bracket = self._text[start - 1 : start] == "(" and ")" in self._text[start : run.end]
        return Finding("phone", start - has_bracket, run.end)

    def _join(
        self, run: Run, parts: Sequence[tuple[int, int]], index: int
    ) -> tuple[Run | None, int]:
        """Parts from `index` on that only together are a phone number, and the index behind."""
        low = parts[index][0]
        digits = _count_digits(run, parts[index])
        after = index + 1
        while self._tries_left > 0 and after < len(parts):
            digits += _count_digits(run, parts[after])
            if digits > _LONGEST_PART:
                break
            after += 1
            self._tries_left -= 1
            joined = run.part(low, parts[after - 1][1])
            if self._phones.is_certain(joined, self._text):
                return joined, after
        return None, index + 1


def _count_digits(run: Run, part: tuple[int, int]) -> int:
    return sum(len(group.digits) for group in run.groups[slice(*part)])


def _cut(run: Run, strength: int) -> list[tuple[int, int]]:
    """The parts of a run between groups that are parted so strongly, as group indexes."""
    cuts = [index for index, group in enumerate(run.groups) if index and group.parted >= strength]
    return list(zip([0, *cuts], [*cuts, len(run.groups)], strict=True))


def _cut_around(run: Run, findings: Sequence[Finding]) -> Iterator[Run]:
    """The parts of a run before, between and behind what was found in it."""
    if not findings:
        yield run
        return
    low = 0
    places = {finding.start: finding.end for finding in findings}
    end = -1
    for index, group in enumerate(run.groups):
        if group.start in places:
            if low < index:
                yield run.part(low, index)
            end = places[group.start]
        if group.end <= end:
            low = index + 1
    if low < len(run.groups):
        yield run.part(low, len(run.groups))
