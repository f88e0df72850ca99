from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.transcripts.texts import (
    cut_at_redaction,
    make_name,
    make_storable,
    split_text,
)


@given(st.text(max_size=60), st.integers(4, 30))
def test_texts_are_split_between_characters(text: str, most_bytes: int) -> None:
    """Pieces have no more bytes than allowed, are none too many, and join to the text."""
    pieces = split_text(text, most_bytes)
    assert "".join(pieces) == text
    assert all(len(piece.encode()) <= most_bytes for piece in pieces)
    assert all(len(piece.encode()) > most_bytes - 4 for piece in pieces[:-1])


def test_texts_are_made_storable() -> None:
    """Half a surrogate pair, which JSON may hold and UTF-8 may not, is replaced."""
    assert make_storable("a\udfffb 🙂") == "a?b 🙂"


def test_names_are_short_and_stay_distinct() -> None:
    """A name of any length makes a key that the table takes, and other names other keys."""
    names = ["conv_1", "", "\ud800", "é" * 300, "é" * 301]
    made = [make_name(name) for name in names]
    assert made[:3] == ["conv_1", "?", "?"]
    assert len({*made[2:]}) == 3
    assert max(len(name.encode()) for name in made) <= 256


@pytest.mark.parametrize(
    ("heard", "kept"),
    [
        ("", ""),
        ("Write to", "Write to"),
        ("Write  to [ema", "Write  to [ema"),
        ("Write to jo@exam", "Write to [email],"),
        ("Write to [email], or ca", "Write to [email], or ca"),
        ("Write to [email], or call 415", "Write to [email], or call [phone]"),
        ("Wrote to 415", ""),
        ("Write to [email], or call [phone] 415", "Write to [email], or call [phone]"),
    ],
)
def test_texts_are_cut_where_something_was_taken_out(heard: str, kept: str) -> None:
    """What was heard is kept as far as the redacted whole begins so."""
    assert cut_at_redaction(heard, "Write to [email], or call [phone]") == kept
