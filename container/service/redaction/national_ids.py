"""Which codes are national ids of persons, by territory: form and check digits.

An id without check digits, or with a weak check, needs a name or its own way of writing; one that
people call an id needs its form alone. The checks are python-stdnum's:
https://arthurdejong.org/python-stdnum/
"""

from __future__ import annotations

import re
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from service.redaction.naming import NATIONAL_ID, PHONE, THINGS, name_of
from service.redaction.tokens import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from service.redaction.runs import Run
    from service.redaction.spelling import Row
    from service.redaction.tokens import Token


class NationalId(NamedTuple):
    """One kind of id: its characters without signs between, and python-stdnum's module for it.

    `is_certain` says that an id of this form with right check digits is nothing else.
    """

    pattern: re.Pattern[str]
    module: str | None
    is_certain: bool = True
    # How it is grouped when written: what has this shape needs no name.
    shape: tuple[int, ...] = ()


def _id(pattern: str, module: str | None, **more: bool | tuple[int, ...]) -> NationalId:
    return NationalId(re.compile(pattern), module, **more)  # type: ignore[arg-type]


_FISCALE_DIGIT = "[0-9LMNP-V]"
# Ids of letters and digits.
_CODES = {
    # https://www.gov.uk/hmrc-internal-manuals/national-insurance-manual/nim39110
    "GB": (
        _id(r"(?:QQ|(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z])\d{6}[A-D]", None),
    ),
    # Area, birthday, initial: https://de.wikipedia.org/wiki/Versicherungsnummer
    "DE": (_id(r"\d\d(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])\d\d[A-Z]\d{3}", None),),
    "ES": (
        _id(r"\d{8}[A-HJ-NP-TV-Z]", "es.dni"),
        _id(r"[XYZ]\d{7}[A-HJ-NP-TV-Z]", "es.nie"),
    ),
    "FR": (_id(r"[12]\d{4}2[AB]\d{8}", "fr.nir"),),
    "IT": (
        _id(
            rf"[A-Z]{{6}}{_FISCALE_DIGIT}{{2}}[A-EHLMPR-T]{_FISCALE_DIGIT}{{2}}"
            rf"[A-Z]{_FISCALE_DIGIT}{{3}}[A-Z]",
            "it.codicefiscale",
        ),
    ),
    "PT": (_id(r"\d{9}[A-Z][A-Z0-9]\d", "pt.cc"),),
    "IE": (_id(r"\d{7}[A-W][A-IW]?", "ie.pps"),),
    "MX": (_id(r"[A-Z]{4}\d{6}[A-Z]{6}[0-9A-Z]\d", "mx.curp"),),
}
# Ids of digits alone.
_NUMBERS = {
    "US": (
        _id(r"\d{9}", "us.ssn", is_certain=False, shape=(3, 2, 4)),
        _id(r"9\d{8}", "us.itin", is_certain=False, shape=(3, 2, 4)),
    ),
    "GB": (_id(r"\d{10}", "gb.nhs", is_certain=False),),
    "DE": (_id(r"[1-9]\d{10}", "de.idnr"),),
    "ES": (_id(r"\d{8}", None, is_certain=False),),
    "FR": (_id(r"[1-478]\d{14}", "fr.nir"), _id(r"[12]\d{12}", None, is_certain=False)),
    "NL": (_id(r"\d{9}", "nl.bsn"),),
    "PL": (_id(r"\d{11}", "pl.pesel"),),
    # Taxpayers that are persons: https://pt.wikipedia.org/wiki/Número_de_identificação_fiscal
    "PT": (_id(r"(?:[1-3]\d|45)\d{7}", "pt.nif"),),
    "BR": (_id(r"\d{11}", "br.cpf"),),
    "AT": (_id(r"\d{10}", "at.vnr"),),
    "AU": (_id(r"\d{9}", "au.tfn", is_certain=False),),
    "BE": (_id(r"\d{11}", "be.nn"),),
    "CA": (_id(r"\d{9}", "ca.sin", is_certain=False, shape=(3, 3, 3)),),
    "CH": (_id(r"756\d{10}", "ch.ssn"),),
    "DK": (_id(r"\d{10}", "dk.cpr", is_certain=False, shape=(6, 4)),),
    "IN": (_id(r"\d{12}", "in_.aadhaar"),),
    "NO": (_id(r"\d{11}", "no.fodselsnummer"),),
    "SE": (_id(r"\d{10}", "se.personnummer", is_certain=False, shape=(6, 4)),),
}
TERRITORIES = frozenset(_CODES) | frozenset(_NUMBERS)


class NationalIds:
    """The ids of some territories."""

    def __init__(self, territories: Sequence[str]) -> None:
        self._codes = [known for name in territories for known in _CODES.get(name, ())]
        self._numbers = [known for name in territories for known in _NUMBERS.get(name, ())]

    def find_codes(self, row: Row, tokens: Sequence[Token]) -> Iterator[Finding]:
        """The ids with letters in a row of characters among the tokens of an utterance."""
        for known in self._codes:
            for match in known.pattern.finditer(row.characters):
                place = row.place(*match.span())
                name = name_of(tokens, *place) if place else None
                if place is None or name in THINGS:
                    continue
                if name == NATIONAL_ID or _is_right(known, match.group()):
                    yield Finding("national_id", tokens[place[0]].start, tokens[place[1]].end)

    def is_number(self, run: Run, name: str | None) -> bool:
        """Whether a run of digits that the words around it call `name` is an id as a whole."""
        if name in THINGS or name == PHONE or run.has_plus:
            return False
        if name is None and len(run.stretches) > 1:
            return False
        digits, shape = run.digits, run.shape()
        for known in self._numbers:
            if known.pattern.fullmatch(digits):
                if name == NATIONAL_ID and _is_said_as_one(run):
                    return True
                if (known.is_certain or known.shape == shape) and _is_right(known, digits):
                    return True
        return False


def _is_said_as_one(run: Run) -> bool:
    """Whether no asides part it, or people say it digit by digit and in groups between them."""
    is_spoken = all(group.is_spoken for group in run.groups)
    return len(run.stretches) == 1 or (is_spoken and sum(one < 2 for one in run.stretches) <= 1)


def _is_right(known: NationalId, characters: str) -> bool:
    if known.module is None:
        return known.is_certain
    module = import_module(f"stdnum.{known.module}")
    return bool(module.is_valid(characters))
