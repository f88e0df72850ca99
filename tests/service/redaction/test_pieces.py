from __future__ import annotations

import pytest

from service.redaction import Redactor
from service.redaction.pieces import split_long

CALM = "That would be lovely, thank you very much for your patience. "
CARD = "Four one one one. " + "One one one one. " * 3


@pytest.mark.parametrize("number", [CARD, "4111. 1111. 1111. 1111. "])
@pytest.mark.parametrize("before", range(258, 268))
def test_long_text_is_cut_through_no_number(before: int, number: str) -> None:
    """Wherever a number stands, it is found, and the pieces are the text."""
    text = CALM * before + number + CALM * 300
    pieces = split_long(text)
    assert "".join(pieces) == text
    assert 2 <= len(pieces) <= 3
    assert sum(number in piece for piece in pieces) == 1


def test_long_text_is_redacted_as_one() -> None:
    """What is in any of the pieces is replaced, and its kind is told once, in the usual order."""
    text = "Mail john@example.com. " + CALM * 400 + "My card is 4111 1111 1111 1111. " + CALM
    redacted, kinds = Redactor().redact(text * 2)
    assert len(split_long(text * 2)) > 1
    assert redacted.count("[card]") == redacted.count("[email]") == 2
    assert redacted.count(CALM) == 802
    assert kinds == ("card", "email")


def test_text_without_sentences_stays_whole() -> None:
    """Digits alone, or words without an end, are never cut."""
    for text in ("4111 " * 5000, "4111. " * 5000, "one. " * 5000, "lovely " * 5000):
        assert split_long(text) == [text]
