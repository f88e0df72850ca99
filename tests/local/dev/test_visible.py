from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.dev.visible import dump_json, make_lines_visible, make_visible

DIRECTION = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def is_harmless(text: str) -> bool:
    categories = {unicodedata.category(sign) for sign in text}
    return not categories & {"Cc", "Cs", "Zl", "Zp"} and not {*text} & {*DIRECTION}


@given(st.text(st.characters(exclude_categories=())))
def test_visible_text_can_do_nothing_to_a_terminal(text: str) -> None:
    """Whatever was said, no control character, separator or direction sign is left."""
    assert is_harmless(make_visible(text))
    assert all(map(is_harmless, make_lines_visible(text)))


@pytest.mark.parametrize("text", ["Grüße, 你好", "👩‍💻 done", "a\u00a0b", "नमस्ते"])
def test_visible_text_is_what_was_said(text: str) -> None:
    """Words of any language, and joined signs, stay as they are."""
    assert make_visible(text) == text


@given(st.text(st.characters(exclude_categories=())))
def test_json_is_exact_and_printable(text: str) -> None:
    """JSON for programs gives the same text back, and is printable ASCII itself."""
    dumped = dump_json({"text": text})
    assert json.loads(dumped) == {"text": text}
    assert dumped.isascii()
    assert dumped.isprintable()
