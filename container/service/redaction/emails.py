"""E-mail addresses, written and spoken: "john dot smith at example dot com".

The sign in the middle is looked for first, then the domain behind it, then the mailbox before it.
English "at" is an ordinary word: it counts only before a domain, and not behind words such as
"look". Every search is bounded, so that time grows with the length of the text alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.redaction.address_words import (
    AT,
    CERTAIN_AT,
    DOT,
    ENDINGS,
    JOINS,
    LABEL_SIGNS,
    LONG_JOINS,
    MAILBOX_SIGNS,
    NO_DOMAIN,
    NO_LABEL,
    NO_MAILBOX,
    PROVIDERS,
    TOP_LEVELS,
)
from service.redaction.languages import HESITATIONS, number_words
from service.redaction.tokens import Finding, is_glued

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.redaction.tokens import Token

_MOST_TOKENS = 40
_MOST_WORDS_IN_NAME = 3


def may_hold_email(text: str, words: frozenset[str] | set[str]) -> bool:
    """A quick look: False means that there is certainly no address."""
    if "@" in text or not CERTAIN_AT.isdisjoint(words):
        return True
    if "at" not in words:
        return False
    return not ENDINGS.isdisjoint(words) or _has_inner_dot(text)


def _has_inner_dot(text: str) -> bool:
    place = text.find(".")
    while 0 <= place < len(text) - 1:
        if text[place + 1].isalnum():
            return True
        place = text.find(".", place + 1)
    return False


def find_emails(tokens: Sequence[Token]) -> list[Finding]:
    """The addresses among the tokens of a text."""
    found: list[Finding] = []
    behind = 0
    for index, token in enumerate(tokens):
        if token.text == "@" or token.text in CERTAIN_AT or token.text in AT:
            last = _Domain(tokens, index).find_last()
            mailbox = _Mailbox(tokens, index, behind)
            first = mailbox.find_first() if last or _is_provider(tokens, index + 1) else None
            if first is not None and not last and first < index - 1:
                last = index + 1  # People leave the end of the best known domains out.
            if last and first is not None:
                found.append(Finding("email", tokens[first].start, tokens[last].end))
                behind = last + 1
    return found


class _Domain:
    """What stands behind the sign."""

    def __init__(self, tokens: Sequence[Token], at: int) -> None:
        self._tokens = tokens[at + 1 : at + 1 + _MOST_TOKENS]
        self._offset = at + 1
        self._takes_any_end = tokens[at].text == "@" and is_glued(tokens[at - 1], tokens[at])

    def find_last(self) -> int:
        """The last token of the domain; 0 if there is none."""
        last, index = 0, self._read_label(0)
        if index == 1 and not self._takes_any_end and self._tokens[0].text in NO_DOMAIN:
            return 0
        if 0 < index < len(self._tokens) and self._tokens[index].text == "dotcom":
            return self._offset + index
        while index and self._is_dot(index):
            begin = index + 1
            index = self._read_label(begin)
            if index and self._is_top_level(begin):
                last = self._offset + self._top_level_end(begin) - 1
        return last

    def _is_dot(self, index: int) -> bool:
        if index >= len(self._tokens) - 1:
            return False
        token = self._tokens[index]
        if token.text == ".":
            return is_glued(token, self._tokens[index + 1]) or _is_apart(self._tokens, index)
        return token.text in DOT

    def _read_label(self, index: int) -> int:
        """The index behind one label that begins at `index`; 0 if none does."""
        tokens, words = self._tokens, 0
        if index >= len(tokens) or not _is_name(tokens[index]):
            return 0
        index += 1
        while index < len(tokens):
            token = tokens[index]
            if is_glued(tokens[index - 1], token) and (
                _is_name(token) or (token.text in LABEL_SIGNS and self._goes_on(index))
            ):
                index += 1
            elif token.text in JOINS and self._goes_on(index):
                index += 2
            elif _is_spelled_pair(tokens, index):
                index += 1
            elif self._is_next_word(index) and words < _MOST_WORDS_IN_NAME - 1:
                words, index = words + 1, index + 1
            else:
                break
        return index

    def _goes_on(self, index: int) -> bool:
        return index + 1 < len(self._tokens) and _is_name(self._tokens[index + 1])

    def _is_next_word(self, index: int) -> bool:
        """Whether a word belongs to a name of several: acme tools dot com."""
        if not _is_name(self._tokens[index]) or self._tokens[index].text in NO_LABEL:
            return False
        ahead = self._tokens[index + 1 : index + _MOST_WORDS_IN_NAME]
        return any(token.text in DOT for token in ahead)

    def _is_top_level(self, begin: int) -> bool:
        first = self._tokens[begin]
        if self._spelled_end(begin):
            return True
        if self._takes_any_end and is_glued(self._tokens[begin - 1], first):
            return first.is_word and len(first.text) > 1
        return first.text in TOP_LEVELS

    def _top_level_end(self, begin: int) -> int:
        """Of "dot com and then" the top level is one word; spelled ones are several letters."""
        return self._spelled_end(begin) or begin + 1

    def _spelled_end(self, begin: int) -> int:
        letters = ""
        for index, token in enumerate(self._tokens[begin : begin + 4], begin):
            if len(token.text) != 1 or not token.is_word:
                break
            letters += token.text
            if letters in TOP_LEVELS and not _is_letter(self._tokens, index + 1):
                return index + 1
        return 0


class _Mailbox:
    """What stands before the sign; never before token `floor`."""

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
        is_ordinary = self._tokens[at].text in AT and first == at - 1
        if first >= at or (is_ordinary and self._tokens[first].text in NO_MAILBOX):
            return None
        return first if is_glued(self._tokens[at - 1], self._tokens[at]) else self._widen(first)

    def _is_part(self, index: int) -> bool:
        token = self._tokens[index]
        is_glued_sign = token.text in MAILBOX_SIGNS and is_glued(token, self._tokens[index + 1])
        return _is_name(token) or is_glued_sign

    def _step(self, first: int) -> int | None:
        """The token that the mailbox has before `first`; None if it begins there."""
        before = first - 1
        if before < self._floor:
            return None
        token, tokens = self._tokens[before], self._tokens
        if is_glued(token, tokens[first]):
            return before if _is_name(token) or token.text in MAILBOX_SIGNS else None
        joins = self._joins_before(first)
        if joins:
            return first - joins - 1
        if self._is_digit_or_letter(first) and self._is_digit_or_letter(before):
            return None if before and tokens[before - 1].text == "'" else before
        if self._is_digits(first) and _is_name(token) and token.text not in NO_MAILBOX:
            return before
        return before if token.text in HESITATIONS and self._joins_before(before) else None

    def _joins_before(self, first: int) -> int:
        """How many words that join names stand before a token, with a name before them."""
        for count in (2, 1):
            low = first - count
            if low - 1 < self._floor or not _is_name(self._tokens[low - 1]):
                continue
            words = tuple(token.text for token in self._tokens[low:first])
            if words in LONG_JOINS or (count == 1 and words[0] in DOT | JOINS):
                return count
        return 0

    def _is_digits(self, index: int) -> bool:
        token = self._tokens[index]
        return token.is_numeral or token.text in number_words()

    def _is_digit_or_letter(self, index: int) -> bool:
        return self._is_digits(index) or _is_letter(self._tokens, index)

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
            if self._tokens[index].text in NO_MAILBOX or not _is_name(self._tokens[index]):
                return index + 1
        return self._floor if lowest <= self._floor else first


def _is_provider(tokens: Sequence[Token], index: int) -> bool:
    return index < len(tokens) and tokens[index].text in PROVIDERS


def _is_name(token: Token) -> bool:
    return token.is_word or token.is_numeral


def _is_letter(tokens: Sequence[Token], index: int) -> bool:
    token = tokens[index] if index < len(tokens) else None
    return token is not None and token.is_word and token.end - token.start == 1 == len(token.text)


def _is_spelled_pair(tokens: Sequence[Token], index: int) -> bool:
    return _is_letter(tokens, index) and _is_letter(tokens, index - 1)


def _is_apart(tokens: Sequence[Token], index: int) -> bool:
    """Whether a sign has space on both sides, as speech-to-text writes a dictated dot."""
    before, sign = tokens[index - 1 : index + 1]
    return not is_glued(before, sign) and not is_glued(sign, tokens[index + 1])
