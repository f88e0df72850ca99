"""Reads marked utterances and counts what a redactor gets right in them."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from service.redaction import KINDS, Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_MARK = re.compile(rf"<(?P<kind>{'|'.join(KINDS)})>(?P<marked>.*?)</(?P=kind)>", re.DOTALL)
_MOST_WORDS_TOO_MANY = 1


class Utterance(NamedTuple):
    """A text, whose numbers are meant, and what has to be found."""

    locales: tuple[str, ...]
    text: str
    expected: tuple[Finding, ...]


@dataclass(slots=True)
class Score:
    """How many findings of each kind were right, missed and wrong, and which utterances failed."""

    right: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def add(self, utterance: Utterance, found: Sequence[Finding]) -> None:
        """Count what was found in one utterance."""
        left = list(found)
        for expected in utterance.expected:
            match = next((one for one in left if _is_right(utterance.text, expected, one)), None)
            if match:
                left.remove(match)
            (self.right if match else self.missed)[expected.kind] += 1
            if match is None:
                self._fail("missed", utterance.text, expected)
        for wrong in left:
            self.wrong[wrong.kind] += 1
            self._fail("wrong", utterance.text, wrong)

    def _fail(self, what: str, text: str, finding: Finding) -> None:
        shown = text[finding.start : finding.end]
        self.failures.append(f"{what} {finding.kind} {shown!r} in {text!r}")

    def recall(self, kind: str) -> float:
        """The share of what had to be found that was."""
        return self.right[kind] / max(1, self.right[kind] + self.missed[kind])

    def precision(self, kind: str) -> float:
        """The share of what was found that had to be."""
        return self.right[kind] / max(1, self.right[kind] + self.wrong[kind])

    def rows(self) -> Iterator[str]:
        """One line for each kind."""
        for kind in KINDS:
            count = self.right[kind] + self.missed[kind]
            figures = f"recall {self.recall(kind):.3f}  precision {self.precision(kind):.3f}"
            yield f"{kind:<12} {count:4} to find  {figures}"


def read_corpus(path: Path) -> list[Utterance]:
    """The utterances of one file; its first comment says how it is written."""
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    return [
        _parse(tuple(name.strip() for name in locales.split(",")), marked)
        for locales, texts in content.items()
        for marked in texts
    ]


def _parse(locales: tuple[str, ...], marked: str) -> Utterance:
    text, position, expected = "", 0, []
    for match in _MARK.finditer(marked):
        text += marked[position : match.start()]
        expected.append(Finding(match["kind"], len(text), len(text) + len(match["marked"])))
        text, position = text + match["marked"], match.end()
    text += marked[position:]
    assert "</" not in text, f"unknown or unclosed mark in {marked!r}"
    return Utterance(locales, text, tuple(expected))


def _is_right(text: str, expected: Finding, found: Finding) -> bool:
    """Whether a finding has the kind and the place; at the edges one word more or less counts."""
    if found.kind != expected.kind:
        return False
    head, tail = sorted((found.start, expected.start)), sorted((found.end, expected.end))
    edges = (text[slice(*head)], text[slice(*tail)])
    if found.start >= expected.end or found.end <= expected.start:
        return False
    return all(
        len(re.findall(r"\w+", edge)) <= _MOST_WORDS_TOO_MANY and not re.search(r"\d", edge)
        for edge in edges
    )
