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
        ("en", "oh double seven", "077"),
        ("en", "five one fifty-one hundred", "515100"),
        ("en", "three fives three times four", "555444"),
        ("en", "one thousand two hundred and fifty", "1250"),
        ("en", "the last one is four", "4"),
        ("en", "one moment, one one", "11"),
        ("en", "double 7 eight", "778"),
        ("de", "einundvierzig elf zwo", "41112"),
        ("de", "vierhundertzwölf", "412"),
        ("de", "vier hundert zwei und zwanzig", "422"),
        ("de", "dreissig fuenf", "305"),
        ("de", "vier Nullen, dreimal die zwei", "0000222"),
        ("fr", "quatre-vingt-dix-sept", "97"),
        ("fr", "soixante et onze soixante-dix-huit", "7178"),
        ("fr", "vingt et un quatre vingts", "2180"),
        ("fr", "deux cent douze", "212"),
        ("fr", "onze cent onze, soixante-quinze cent", "111175100"),
        ("fr", "septante-huit nonante", "7890"),
        ("es", "cuarenta y uno veintidós treinta", "412230"),
        ("es", "seiscientos doce", "612"),
        ("es", "mil doscientos", "1200"),
        ("es", "dos millones ciento dos mil setecientos noventa y seis", "2102796"),
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


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("en", "four, got it? one. Are you with me? one, okay? one"),
        ("de", "vier, haben Sie das? eins eins, alles klar? eins"),
        ("fr", "quatre, c'est noté ? un, d'accord ? un un"),
        ("es", "cuatro, ¿lo tiene? uno, ¿vale? uno uno"),
        ("it", "quattro, va bene? uno, ha scritto? uno uno"),
        ("nl", "vier, heeft u dat? een, klopt? een een"),
        ("pt", "quatro, está a ouvir? um, certo? um um"),
        ("pl", "cztery, dobrze? jeden, zapisał pan? jeden jeden"),
    ],
)
def test_runs_go_on_over_questions(code: str, text: str) -> None:
    """Whether the other has got it is asked between digits, and parts no number."""
    assert read(text, code) == ["4111"]


def test_runs_tell_what_may_be_meant() -> None:
    """What is taken back or said twice is left out; what is begun anew stands by itself."""

    def repaired(text: str) -> set[str]:
        (run,) = Reading(text, split_tokens(text), LANGUAGES["en"]).runs
        return {variant.digits for variant in run.repaired(None)}

    assert repaired("four one two, no sorry, three") == {"413", "43"}
    assert repaired("four one, four one, two") == {"412"}
    assert repaired("four one two, wait, four one two") == set()
    assert repaired("41, 41, 2") == set()


def test_runs_choose_the_language_that_explains_most() -> None:
    """The languages of the number words come first; others stay if they alone explain some."""
    text = "six sept huit and four five six"
    found = spoken_languages(split_tokens(text), ["de"])
    assert found == [LANGUAGES["en"], LANGUAGES["fr"]] or found[0] is LANGUAGES["fr"]
    (neutral,) = spoken_languages(split_tokens("4111 um 1111"), ["pt"])
    assert neutral.numbers == {}
