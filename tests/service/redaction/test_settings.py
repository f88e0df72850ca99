from __future__ import annotations

import pytest

from service.redaction import make_redactor
from service.redaction.settings import parse_locales, parse_patterns


def test_settings_make_a_redactor() -> None:
    """Locales and patterns as the settings write them become a redactor of just these."""
    redactor = make_redactor("de-de, en_US", '{"order": "ORD-[0-9]{6}"}')
    assert redactor.redact("0171 1234567, ORD-123456") == ("[phone], [order]", ("phone", "order"))
    assert redactor.redact("mi DNI es 12345678Z")[1] == ()


def test_settings_have_defaults() -> None:
    """Without settings numbers are American and there are no patterns."""
    assert make_redactor().redact("(415) 555-0132")[0] == "[phone]"
    assert (parse_locales(" , "), parse_patterns(" ")) == (("en_US",), {})


@pytest.mark.parametrize("text", ["english", "en_XX", "en_US; de_DE", "en-USA", "_US"])
def test_settings_refuse_wrong_locales(text: str) -> None:
    """A locale of no territory is refused in one line that shows how one is written."""
    with pytest.raises(ValueError, match=r"^has the locale .*en_US$"):
        make_redactor(text)


def test_settings_refuse_a_locale_whose_digits_nobody_understands() -> None:
    """Spoken numbers of an unknown language would be stored, so it is told with what there is."""
    with pytest.raises(ValueError, match=r"^has the locale 'xx_DE', .* de, en, .* as in en_DE$"):
        make_redactor("en_US, xx-de")


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("order=ORD", "JSON object"),
        ('["ORD"]', "JSON object"),
        ('{"order": 7}', "JSON object"),
        ('{"Order No": "ORD"}', "small letters"),
        ('{"card": "ORD"}', "choose another"),
        ('{"order": "a+"}', "{1,20}"),
        ("{" + ",".join(f'"n{number}": "x"' for number in range(21)) + "}", "at most 20"),
    ],
)
def test_settings_refuse_wrong_patterns(text: str, remedy: str) -> None:
    """Patterns in another form, under a wrong name or unsafe are refused in one line."""
    with pytest.raises(ValueError, match=r"^.+$") as refused:
        make_redactor("", text)
    assert remedy in str(refused.value)
    assert "\n" not in str(refused.value)
