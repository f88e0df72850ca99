"""E-mail addresses, written and spoken: "john dot smith at example dot com".

The sign in the middle is looked for first, then the domain behind it, then the mailbox before it.
Every search is bounded, so that time grows with the length of the text alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.redaction.address_words import (
    AT,
    CERTAIN_AT,
    DOT,
    ENCLOSURES,
    ENDINGS,
    JOINS,
    LONG_AT,
)
from service.redaction.domains import Domain
from service.redaction.letters import is_letter, is_spelled, letter_end
from service.redaction.mailboxes import Mailbox
from service.redaction.tokens import Finding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.redaction.tokens import Token

_CERTAIN_WORDS = CERTAIN_AT | {phrase[-1] for phrase in LONG_AT}
_SPOKEN_SIGNS = CERTAIN_AT | DOT | JOINS | {AT}


def may_hold_email(text: str, words: frozenset[str] | set[str]) -> bool:
    """A quick look: False means that there is certainly no address."""
    if "@" in text or not _CERTAIN_WORDS.isdisjoint(words):
        return True
    return AT in words and (not ENDINGS.isdisjoint(words) or _has_inner_dot(text))


def _has_inner_dot(text: str) -> bool:
    place = text.find(".")
    while 0 <= place < len(text) - 1:
        if text[place + 1].isalnum():
            return True
        place = text.find(".", place + 1)
    return False


def find_emails(tokens: Sequence[Token]) -> list[Finding]:
    """The addresses among the tokens of a text."""
    tokens = _tidy(tokens)
    found: list[Finding] = []
    behind = 0
    for index in range(len(tokens)):
        length = _sign_length(tokens, index)
        places = _find_address(tokens, index, index + length - 1, behind) if length else None
        if places:
            first, last = places
            found.append(Finding("email", tokens[first].start, tokens[last].end))
            behind = last + 1
    return found


def _sign_length(tokens: Sequence[Token], index: int) -> int:
    """How many tokens from one on say the sign in the middle."""
    text = tokens[index].text
    for phrase in LONG_AT:
        if text == phrase[0]:
            words = tuple(token.text for token in tokens[index : index + len(phrase)])
            if words == phrase:
                return len(phrase)
    return int(text == AT or text in CERTAIN_AT)


def _find_address(
    tokens: Sequence[Token], at: int, at_end: int, behind: int
) -> tuple[int, int] | None:
    """The first and the last token of the address around a sign."""
    domain = Domain(tokens, at_end)
    last = domain.find_last()
    if not last and not domain.is_provider():
        return None
    first = Mailbox(tokens, at, behind).find_first()
    if first is None:
        return None
    if not last and first < at - 1:
        last = at_end + 1  # People leave the end of the best known domains out.
    return (first, last) if last else None


def _tidy(tokens: Sequence[Token]) -> list[Token]:
    """The tokens without what stands around spoken signs and spelled letters: m as in mary, i."""
    kept: list[Token] = []
    index = 0
    while index < len(tokens):
        if not _is_enclosure(tokens, index) and not _is_between_spelled(kept, tokens, index):
            kept.append(tokens[index])
        index = letter_end(tokens, index) if is_letter(tokens, index) else index + 1
    return kept


def _is_enclosure(tokens: Sequence[Token], index: int) -> bool:
    if tokens[index].text not in ENCLOSURES or not 0 < index < len(tokens) - 1:
        return False
    return _is_enclosed_sign(tokens, index - 1) or _is_enclosed_sign(tokens, index + 1)


def _is_enclosed_sign(tokens: Sequence[Token], index: int) -> bool:
    if not 0 < index < len(tokens) - 1 or tokens[index].text not in _SPOKEN_SIGNS:
        return False
    return tokens[index - 1].text in ENCLOSURES and tokens[index + 1].text in ENCLOSURES


def _is_between_spelled(before: Sequence[Token], tokens: Sequence[Token], index: int) -> bool:
    if tokens[index].text != "," or not before or index + 1 == len(tokens):
        return False
    last = len(before) - 1
    if tokens[index + 1].text in _SPOKEN_SIGNS:
        return is_letter(before, last)
    return is_spelled(before, last) and is_spelled(tokens, index + 1)
