from __future__ import annotations

import pytest

from service.redaction import Redactor
from service.redaction.national_ids import TERRITORIES

# One valid id of each kind as it is written, by locale; those in the second table need a name.
PLAIN = {
    "en_US": ["123-45-6789", "912-90-3456"],
    "en_GB": ["AB123456C"],
    "de_DE": ["36 574 261 809"],
    "fr_FR": ["2 95 10 99 126 111 93", "1 81 03 2A 123 456 03"],
    "es_ES": ["54362315-K", "X-2482300-W"],
    "it_IT": ["RCCMNL83S18D969H"],
    "nl_NL": ["1112.22.333"],
    "pl_PL": ["44051401359"],
    "pt_PT": ["123 456 789", "00000000 0 ZZ4"],
    "pt_BR": ["390.533.447-05"],
    "de_AT": ["1237 010180"],
    "nl_BE": ["85.07.30-033 28"],
    "en_CA": ["123-456-782"],
    "de_CH": ["756.9217.0769.85"],
    "da_DK": ["211062-5629"],
    "en_IE": ["6433435F"],
    "en_IN": ["2341 2341 2346"],
    "es_MX": ["BOXW310820HNERXN09"],
    "nb_NO": ["151086 95088"],
    "sv_SE": ["880320-0016"],
}
NAMED = {
    "en_US": "my social is 123456789",
    "en_GB": "the NHS number is 9434765919",
    "es_ES": "DNI 54362315",
    "fr_FR": "numéro de sécu 2951099126111",
    "en_AU": "my TFN is 123 456 782",
}


@pytest.mark.parametrize(("locale", "written"), [(k, v) for k in PLAIN for v in PLAIN[k]])
def test_national_ids_are_found_by_form_and_check(locale: str, written: str) -> None:
    """An id of the locale's territory is found without anything else that says what it is."""
    assert Redactor((locale,)).redact(f"hm {written}, ja")[0] == "hm [national_id], ja"


@pytest.mark.parametrize(("locale", "text"), NAMED.items())
def test_national_ids_may_need_a_name(locale: str, text: str) -> None:
    """Ids with a weak check or none are found where words say that they are ids."""
    redactor = Redactor((locale,))
    assert redactor.redact(text)[0].endswith(" [national_id]")
    assert redactor.redact(text.rsplit(maxsplit=1)[-1])[1] != ("national_id",)


def test_national_ids_of_other_territories_stay() -> None:
    """Only the ids of the given territories are looked for."""
    for locale, written in ((key, value) for key, values in PLAIN.items() for value in values):
        other = "fi_FI" if locale != "fi_FI" else "en_US"
        assert "national_id" not in Redactor((other,)).redact(written)[1]


def test_national_ids_are_all_shown() -> None:
    """Every territory with ids stands in the tables above."""
    assert {locale[-2:] for locale in PLAIN | NAMED} == TERRITORIES


def test_national_ids_called_something_else_stay() -> None:
    """A valid id that is called an order is none."""
    assert Redactor(("pl_PL",)).redact("zamówienie 44051401359")[1] == ()
    assert Redactor(("es_ES",)).redact("pedido 54362315K")[1] == ()
