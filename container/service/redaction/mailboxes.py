"""Mailboxes as they are written and spoken: "j dot smith", "mary underscore 88", "t o m"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.redaction.address_words import (
    AT,
    DOT,
    JOINS,
    LONG_JOINS,
    MAILBOX_SIGNS,
    NO_MAILBOX,
    PARTICLES,
)
from service.redaction.languages import HESITATIONS
from service.redaction.letters import is_digits, is_spelled
from service.redaction.tokens import is_glued, is_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.redaction.tokens import Token

_MOST_TOKENS = 40
_MOST_WORDS_IN_NAME = 3
_LONGEST_JOIN = max(map(len, LONG_JOINS))


class Mailbox:
    """What stands before a sign whose first token is `at`; never before token `floor`."""

    def __init__(self, tokens: Sequence[Token], at: int, floor: int) -> None:
        self._tokens, self._at = tokens, at
        self._floor = max(floor, at - _MOST_TOKENS)

    def find_first(self) -> int | None:
        """The first token of the mailbox; None if there is none."""
        at = self._at
        first = at - 1
        if first < self._floor or not self._is_part(first):
            return None
        while (before := self._step(first)) is not None:
            first = before
        first = self._trim(first)
        is_ordinary = self._tokens[at].text == AT and first == at - 1
        if first >= at or (is_ordinary and self._tokens[first].text in NO_MAILBOX):
            return None
        return first if is_glued(self._tokens[at - 1], self._tokens[at]) else self._widen(first)

    def _is_part(self, index: int) -> bool:
        token = self._tokens[index]
        is_glued_sign = token.text in MAILBOX_SIGNS and is_glued(token, self._tokens[index + 1])
        return is_name(token) or is_glued_sign

    def _step(self, first: int) -> int | None:
        """The token that the mailbox has before `first`; None if it begins there."""
        before = first - 1
        if before < self._floor:
            return None
        token, tokens = self._tokens[before], self._tokens
        if is_glued(token, tokens[first]):
            return before if is_name(token) or token.text in MAILBOX_SIGNS else None
        joins = self._joins_before(first)
        if joins:
            return first - joins - 1
        if is_spelled(tokens, first) and is_spelled(tokens, before):
            return None if before and tokens[before - 1].text == "'" else before
        if is_digits(tokens[first]) and is_name(token) and token.text not in NO_MAILBOX:
            return before
        return before if self._is_between_joined(before) else None

    def _is_between_joined(self, index: int) -> bool:
        """Whether a hesitation, or particles such as "van der", stand behind a join."""
        tokens = self._tokens
        while index > self._floor and tokens[index].text in PARTICLES:
            if tokens[index - 1].text not in PARTICLES:
                return self._joins_before(index) > 0
            index -= 1
        return tokens[index].text in HESITATIONS and self._joins_before(index) > 0

    def _joins_before(self, first: int) -> int:
        """How many words that join names stand before a token, with a name before them."""
        for count in range(_LONGEST_JOIN, 0, -1):
            low = first - count
            if low - 1 < self._floor or not is_name(self._tokens[low - 1]):
                continue
            words = tuple(token.text for token in self._tokens[low:first])
            if words in LONG_JOINS or (count == 1 and (words[0] in DOT or words[0] in JOINS)):
                return count
        return 0

    def _trim(self, first: int) -> int:
        """Signs and articles at the start belong to the sentence."""
        while first < self._at and self._tokens[first].text in MAILBOX_SIGNS:
            first += 1
        while first < self._at - 1 and self._is_elided(first):
            first += 2
        return first

    def _is_elided(self, first: int) -> bool:
        return len(self._tokens[first].text) <= 2 and self._tokens[first + 1].text == "'"

    def _widen(self, first: int) -> int:
        """Names of several words begin behind a word that can't be a name, if that is near."""
        lowest = first - _MOST_WORDS_IN_NAME
        for index in range(first - 1, max(lowest, self._floor) - 1, -1):
            if self._tokens[index].text in NO_MAILBOX or not is_name(self._tokens[index]):
                return index + 1
        return self._floor if lowest <= self._floor else first
