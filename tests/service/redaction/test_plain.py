from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.redaction.plain import PlainText
from service.redaction.tokens import Finding


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("as it is, 4111-1111!", "as it is, 4111-1111!"),
        (
            "\uff14\uff11\uff11\uff11\u3000\uff41\uff54\u3000\uff57\uff45\uff42\uff0e\uff44\uff45",
            "4111\u3000at\u3000web.de",
        ),
        ("\u0664\u0661 \u096a\u0967 ④①", "41 41 41"),
        ("4\u200b1\u00ad1\u20601\ufeff", "4111"),
        ("4\ufe0f\u20e3 1\ufe0f\u20e3", "4 1"),
        ("nume\u0301ro", "numero"),
        ("415\u2011555\u20130132 it\u2019s", "415-555-0132 it's"),
        ("a\x001\tb\n", "a1\tb\n"),
        ("İß½…", "Iß½,"),
    ],
)
def test_plain_text_is_what_a_reader_sees(text: str, plain: str) -> None:
    """Unseen signs are gone; digits, wide letters, dashes and apostrophes have one form."""
    assert PlainText(text).text == plain


@settings(max_examples=50)
@given(st.text(), st.data())
def test_plain_text_knows_where_everything_was(text: str, data: st.DataObject) -> None:
    """What is found in the plain text has a place in the text that looks the same."""
    plain = PlainText(text)
    assert len(plain.text.lower()) == len(plain.text)
    if plain.text:
        start = data.draw(st.integers(0, len(plain.text) - 1))
        end = data.draw(st.integers(start + 1, len(plain.text)))
        _, low, high = plain.locate(Finding("card", start, end))
        assert 0 <= low < high <= len(text)
        assert PlainText(text[low:high]).text == plain.text[start:end]
