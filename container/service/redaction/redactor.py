"""Texts in, texts without what must not be stored out. Pure: no settings, no logs, no time.

Each stage looks at what the stages before have left, from the most certain kind of finding to the
least; what is found is blotted out for those that follow.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from service.redaction.emails import find_emails, may_hold_email
from service.redaction.ibans import find_ibans
from service.redaction.languages import NUMBER_WORDS
from service.redaction.national_ids import NationalIds
from service.redaction.numbers import NumberFinder
from service.redaction.patterns import make_patterns
from service.redaction.phones import Phones
from service.redaction.pieces import split_long
from service.redaction.plain import PlainText
from service.redaction.readings import Reading, spoken_languages
from service.redaction.spelling import read_rows
from service.redaction.tokens import MASK, Finding, mask, split_tokens, split_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

KINDS = ("card", "iban", "email", "phone", "national_id")
DEFAULT_LOCALES = ("en_US",)
# The shortest finding has six digits, and one word may be three of them.
_FEWEST_DIGITS = 6
_MOST_DIGITS_A_WORD = 3
# A finding may leave something beside it that is one by itself; more rounds were never needed.
_MOST_ROUNDS = 4
_DIGIT = re.compile(r"\d")


class Redactor:
    """Finds and replaces personal numbers and addresses in utterances.

    `locales` say whose national phone numbers and ids are looked for, as language_TERRITORY; the
    languages that digits are spoken in are always all. `patterns` are further kinds, as regular
    expressions by name. Raises ValueError with a one-line remedy. Instances keep nothing of texts.
    """

    def __init__(
        self,
        locales: Sequence[str] = DEFAULT_LOCALES,
        patterns: Mapping[str, str] | None = None,
    ) -> None:
        territories = tuple(dict.fromkeys(locale.partition("_")[2] for locale in locales))
        self._languages = tuple(dict.fromkeys(locale.partition("_")[0] for locale in locales))
        self._ids = NationalIds(territories)
        self._phones = Phones(territories)
        self._patterns = make_patterns(patterns or {})
        self.kinds = (*KINDS, *(pattern.name for pattern in self._patterns))
        self._placeholder = re.compile(r"\[(?:" + "|".join(map(re.escape, self.kinds)) + r")\]")

    def redact(self, text: str) -> tuple[str, tuple[str, ...]]:
        """The text with placeholders such as [card], and the kinds that were found in it."""
        pieces = [self._redact_piece(piece) for piece in split_long(text)]
        kinds = {kind for _, found in pieces for kind in found}
        return "".join(piece for piece, _ in pieces), tuple(
            kind for kind in self.kinds if kind in kinds
        )

    def _redact_piece(self, text: str) -> tuple[str, set[str]]:
        kinds: set[str] = set()
        for _ in range(_MOST_ROUNDS):
            findings = self.find(text)
            if not findings:
                break
            kinds.update(finding.kind for finding in findings)
            text = _replace(text, findings)
        return text, kinds

    def find(self, text: str) -> list[Finding]:
        """What there is to redact, in order and without overlaps."""
        masked = text
        if "[" in text:
            masked = self._placeholder.sub(lambda match: MASK * len(match.group()), text)
        findings: list[Finding] = []
        plain = PlainText(masked)
        if plain.text != masked:  # Patterns may also mean what a plain text does not have.
            findings = self._find_own(masked)
            plain = PlainText(mask(masked, findings))
        for found in self._stages(plain.text):
            findings += map(plain.locate, found)
        return sorted(findings, key=lambda finding: finding.start)

    def _find_own(self, text: str) -> list[Finding]:
        """What the operator's patterns find."""
        if not self._patterns:
            return []
        return _without_overlaps(
            finding for pattern in self._patterns for finding in pattern.find(text)
        )

    def _stages(self, text: str) -> Iterator[list[Finding]]:
        """The findings of each stage, none overlapping another."""
        found = self._find_own(text)
        yield found
        text = mask(text, found) if found else text
        words = split_words(text)
        if may_hold_email(text, {*words}):
            found = find_emails(split_tokens(text))
            yield found
            text = mask(text, found) if found else text
        if _has_numbers(text, words):
            yield from self._number_stages(text)

    def _number_stages(self, text: str) -> Iterator[list[Finding]]:
        """The findings that have digits: codes of letters and digits first."""
        tokens, found = split_tokens(text), list[Finding]()
        for language in spoken_languages(tokens, self._languages):
            reading = Reading(text, tokens, language)
            for stage in (self._find_codes, self._find_numbers):
                if found:
                    text = mask(text, found)
                    tokens = split_tokens(text)
                    reading = Reading(text, tokens, language)
                found = _without_overlaps(stage(reading))
                yield found

    def _find_codes(self, reading: Reading) -> Iterator[Finding]:
        """IBANs, and national ids with letters."""
        for row in read_rows(reading):
            yield from find_ibans(row, reading.tokens)
            yield from self._ids.find_codes(row, reading.tokens)

    def _find_numbers(self, reading: Reading) -> Iterator[Finding]:
        """Cards, phone numbers, and national ids of digits alone."""
        finder = NumberFinder(reading, ids=self._ids, phones=self._phones)
        for run in reading.runs:
            yield from finder.find_in(run)


def _has_numbers(text: str, words: Sequence[str]) -> bool:
    """Whether there are digits enough for any number, written or spoken."""
    spoken = sum(map(NUMBER_WORDS.__contains__, words)) * _MOST_DIGITS_A_WORD
    return spoken >= _FEWEST_DIGITS or spoken + len(_DIGIT.findall(text)) >= _FEWEST_DIGITS


def _without_overlaps(findings: Iterator[Finding]) -> list[Finding]:
    """Of findings that overlap the longest one stays, of equally long ones the first."""
    kept: list[Finding] = []
    for finding in sorted(findings, key=lambda one: (one.start, one.start - one.end)):
        if not kept or finding.start >= kept[-1].end:
            kept.append(finding)
        elif finding.end - finding.start > kept[-1].end - kept[-1].start:
            kept[-1] = finding
    return kept


def _replace(text: str, findings: Sequence[Finding]) -> str:
    pieces, position = [], 0
    for kind, start, end in findings:
        pieces += [text[position:start], f"[{kind}]"]
        position = end
    return "".join((*pieces, text[position:]))
