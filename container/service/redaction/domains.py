"""Domains as they are written and spoken: "example dot com", "gmail com", "g m x dot d e"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.redaction.address_words import (
    AT,
    DOT,
    JOINS,
    LABEL_SIGNS,
    LOOSE_DOMAINS,
    LOOSE_LEVELS,
    NO_DOMAIN,
    NO_LABEL,
    PROVIDERS,
    TOP_LEVELS,
)
from service.redaction.letters import is_letter
from service.redaction.tokens import is_glued, is_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.redaction.tokens import Token

_MOST_TOKENS = 40
_MOST_WORDS_IN_NAME = 3
_LONGEST_SPELLED_LEVEL = 4


class Domain:
    """What stands behind a sign whose last token is `at`."""

    def __init__(self, tokens: Sequence[Token], at: int) -> None:
        self._tokens = tokens[at + 1 : at + 1 + _MOST_TOKENS]
        self._offset = at + 1
        self._is_sure = tokens[at].text != AT
        self._takes_any_end = tokens[at].text == "@" and is_glued(tokens[at - 1], tokens[at])

    def find_last(self) -> int:
        """The last token of the domain; 0 if there is none."""
        last, index = 0, self._read_label(0)
        if index == 1 and not self._takes_any_end and self._tokens[0].text in NO_DOMAIN:
            return 0
        if 0 < index < len(self._tokens) and self._tokens[index].text == "dotcom":
            return self._offset + index
        end = self._loose_end(index)
        while index and self._is_dot(index):
            begin = index + 1
            index = self._read_label(begin)
            if index and self._is_top_level(begin):
                last = end = self._top_level_end(begin)
        return self._offset + end - 1 if last or end else 0

    def is_provider(self) -> bool:
        """Whether it is known so well that people leave its end out."""
        return bool(self._tokens) and self._tokens[0].text in PROVIDERS

    def _loose_end(self, index: int) -> int:
        """The index behind ends without dots, as in gmail com, behind a label; 0 if none are."""
        is_known = index > 0 and (self._is_sure or self._tokens[index - 1].text in LOOSE_DOMAINS)
        levels = TOP_LEVELS if self._is_sure else LOOSE_LEVELS
        end = index
        while is_known and end < len(self._tokens) and self._tokens[end].text in levels:
            end += 1
        return end if end > index else 0

    def _is_dot(self, index: int) -> bool:
        if index >= len(self._tokens) - 1:
            return False
        token, following = self._tokens[index : index + 2]
        if token.text != ".":
            return token.text in DOT
        is_apart = not is_glued(self._tokens[index - 1], token)
        return is_glued(token, following) or is_apart or following.text in LOOSE_LEVELS

    def _read_label(self, index: int) -> int:
        """The index behind one label that begins at `index`; 0 if none does."""
        tokens, words = self._tokens, 0
        if index >= len(tokens) or not is_name(tokens[index]):
            return 0
        index += 1
        while index < len(tokens):
            if self._is_glued_part(index) or self._is_spelled_pair(index):
                index += 1
            elif tokens[index].text in JOINS and self._goes_on(index):
                index += 2
            elif self._is_next_word(index) and words < _MOST_WORDS_IN_NAME - 1:
                words, index = words + 1, index + 1
            else:
                break
        return index

    def _is_glued_part(self, index: int) -> bool:
        before, token = self._tokens[index - 1 : index + 1]
        is_part = is_name(token) or (token.text in LABEL_SIGNS and self._goes_on(index))
        return is_part and is_glued(before, token)

    def _is_spelled_pair(self, index: int) -> bool:
        return is_letter(self._tokens, index) and is_letter(self._tokens, index - 1)

    def _goes_on(self, index: int) -> bool:
        return index + 1 < len(self._tokens) and is_name(self._tokens[index + 1])

    def _is_next_word(self, index: int) -> bool:
        """Whether a word belongs to a name of several: acme tools dot com."""
        if not is_name(self._tokens[index]) or self._tokens[index].text in NO_LABEL:
            return False
        ahead = self._tokens[index + 1 : index + _MOST_WORDS_IN_NAME]
        return any(token.text in DOT for token in ahead)

    def _is_top_level(self, begin: int) -> bool:
        first = self._tokens[begin]
        if self._takes_any_end and is_glued(self._tokens[begin - 1], first):
            return first.is_word and len(first.text) > 1
        return first.text in TOP_LEVELS or self._spelled_end(begin) > 0

    def _top_level_end(self, begin: int) -> int:
        """Of "dot com and then" the top level is one word; spelled ones are several letters."""
        return self._spelled_end(begin) or begin + 1

    def _spelled_end(self, begin: int) -> int:
        letters = ""
        for index in range(begin, begin + _LONGEST_SPELLED_LEVEL):
            if not is_letter(self._tokens, index):
                break
            letters += self._tokens[index].text
            if letters in TOP_LEVELS and not is_letter(self._tokens, index + 1):
                return index + 1
        return 0
