from __future__ import annotations

import pytest

from service.redaction.languages import LANGUAGES
from service.redaction.readings import Reading, spoken_languages
from service.redaction.tokens import split_tokens


def read(text: str, code: str) -> list[str]:
    return [run.digits for run in Reading(text, split_tokens(text), LANGUAGES[code]).runs]


@pytest.mark.parametrize(
    ("code", "text", "digits"),
    [
        ("en", "forty-one eleven", "4111"),
        ("en", "twenty twenty five", "2025"),
        ("en", "four hundred and twelve", "412"),
        ("en", "eight hundred five five five", "800555"),
        ("en", "two thousand twelve", "2012"),
        ("en", "double four triple five double oh", "4455500"),
        ("en", "oh two oh", "020"),
        ("en", "double 7 eight", "778"),
        ("de", "einundvierzig elf zwo", "41112"),
        ("de", "vierhundertzwölf", "412"),
        ("de", "vier hundert zwei und zwanzig", "422"),
        ("de", "dreissig fuenf", "305"),
        ("fr", "quatre-vingt-dix-sept", "97"),
        ("fr", "soixante et onze soixante-dix-huit", "7178"),
        ("fr", "vingt et un quatre vingts", "2180"),
        ("fr", "deux cent douze", "212"),
        ("fr", "septante-huit nonante", "7890"),
        ("es", "cuarenta y uno veintidós treinta", "412230"),
        ("es", "seiscientos doce", "612"),
        ("es", "mil doscientos", "1200"),
        ("it", "quarantuno duecentotrentatré ventotto", "4123328"),
        ("nl", "eenenveertig tweeëntwintig honderdtwaalf", "4122112"),
        ("pt", "quarenta e um cento e vinte e três meia", "411236"),
        ("pl", "czterdzieści jeden trzysta czterdzieści pięć", "41345"),
    ],
)
def test_runs_read_numbers_as_people_say_them(code: str, text: str, digits: str) -> None:
    """Number words of several parts are one number, in each language's own way."""
    assert read(text, code) == [digits]


def test_runs_end_where_something_else_is_said() -> None:
    """Hesitations and signs go on with the digits; other words and glued letters end them."""
    assert read("four, um, one - 2 and then 3. Four", "en") == ["41234"]
    assert read("four cats and 12 dogs, a 4x4 and 5:30", "en") == ["4", "12", "5", "30"]
    assert read("oh well, double trouble", "en") == []


def test_runs_choose_the_language_that_explains_most() -> None:
    """The languages of the number words come first; others stay if they alone explain some."""
    text = "six sept huit and four five six"
    found = spoken_languages(split_tokens(text), ["de"])
    assert found == [LANGUAGES["en"], LANGUAGES["fr"]] or found[0] is LANGUAGES["fr"]
    (neutral,) = spoken_languages(split_tokens("4111 um 1111"), ["pt"])
    assert neutral.numbers == {}
