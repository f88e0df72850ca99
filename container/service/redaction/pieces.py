"""Long texts in pieces that can be looked at one by one, so that other threads get their turn.

A text is cut between sentences alone, and only where nothing that is looked for is near.
"""

from __future__ import annotations

import re
from itertools import pairwise

from service.redaction.emails import may_hold_email
from service.redaction.languages import NUMBER_WORDS
from service.redaction.plain import PlainText
from service.redaction.tokens import split_words

_LONG_CHARACTERS = 16_000
# Of one finding, digits are at most some words apart, and so are an address's parts.
_NEAR_CHARACTERS = 100
# No cut beside single letters: those may be spelling.
_SENTENCE_END = re.compile(r"(?<=[^\W\d_]{3})(?:[.!?]+\s|\n)\s*(?=[^\W\d_]{3})")
_DIGIT = re.compile(r"\d")


def split_long(text: str) -> list[str]:
    """The text in pieces, usually of some 16,000 characters; one if it can't be cut."""
    if len(text) <= _LONG_CHARACTERS:
        return [text]
    cuts = [0]
    for match in _SENTENCE_END.finditer(text):
        cut = match.end()
        if cut - cuts[-1] >= _LONG_CHARACTERS and _is_harmless(text, cut):
            cuts.append(cut)
    return [text[begin:end] for begin, end in pairwise([*cuts, len(text)])]


def _is_harmless(text: str, cut: int) -> bool:
    around = PlainText(text[max(0, cut - _NEAR_CHARACTERS) : cut + _NEAR_CHARACTERS]).text
    words = {*split_words(around)}
    has_numbers = _DIGIT.search(around) or not NUMBER_WORDS.isdisjoint(words)
    return not has_numbers and not may_hold_email(around, words)
