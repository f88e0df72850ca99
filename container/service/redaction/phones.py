"""Phone numbers in runs of digits: international ones, and national ones of some territories.

Which numbers exist is libphonenumber's knowledge; here is how people write and say them. A number
that looks like a phone number and is called something else (an order, an invoice) is none.
https://github.com/daviddrysdale/python-phonenumbers
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from service.redaction.naming import NATIONAL_ID, PHONE, SOME_ID, THINGS
from service.redaction.runs import CLOSE, PAUSE, WORDS
from service.redaction.tokens import fold, word_set

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.redaction.runs import Run

SHORTEST, LONGEST = 7, 15
# Shorter numbers are phone numbers only where something says so.
_SHORTEST_UNNAMED = 9
_SHAPES = frozenset({(3, 3, 4), (1, 3, 3, 4), (3, 4)})
_AMOUNT = re.compile(r"\d{1,3}([,_]\d{3})+|\d{1,2}(\.\d{3})+(,\d+)?|\d{1,3}(\.\d{3})+,\d+")
_ADDRESS = re.compile(r"\d{1,3}(\.\d{1,3}){3,}")
_DATE = re.compile(
    r"(?<!\d)(?:\d{1,2}([./-])\d{1,2}\1(?:19|20)\d\d|(?:19|20)\d\d([./-])\d{1,2}\2\d{1,2})(?!\d)"
)
# 15.78, but no part of 06.12.34.56.78.
_PRICE = re.compile(r"(?<![\d.,])\d{1,4}[.,]\d\d(?![.,]?\d)")
_FEWEST_IN_LIST = 4
_YEAR = re.compile(r"(19|20)\d\d")
_UNITS = word_set(
    """
    % $ € £ zł zl usd eur gbp pln brl dollars dollar euros euro pounds cents reais pesos
    zlotych percent prozent kg km cm mm m grams kilos kilometers meters miles seconds
    minutes hours days points steps views people users followers times million millions
    bytes inhabitants einwohner habitants habitantes abitanti
    """
)


class _Check(NamedTuple):
    """What libphonenumber says: the number is in use, or has a length and form that may be."""

    is_valid: bool
    is_possible: bool


class Phones:
    """The phone numbers that people of some territories write without a country code."""

    def __init__(self, territories: Sequence[str]) -> None:
        self._territories = tuple(territories)

    def is_phone(self, run: Run, name: str | None, text: str) -> bool:
        """Whether a run of digits that the words around it call `name` is one as a whole."""
        digits = run.digits
        if not SHORTEST <= len(digits) <= LONGEST + 2 or name == NATIONAL_ID:
            return False
        if _is_international(run):
            return True
        if len(digits) > LONGEST or _is_other(run, text):
            return False
        if name == PHONE:
            return self._may_be_called_so(run)
        return not _is_scattered(run) and self._looks_so(run, name, text)

    def _looks_so(self, run: Run, name: str | None, text: str) -> bool:
        """Whether it is one by its looks, although nobody calls it so."""
        digits, is_thing = run.digits, name in THINGS or name == SOME_ID
        if self._is_american(run, text):
            return not is_thing or ("-" in text[run.start : run.end] and _is_valid(digits, "US"))
        is_plain = not is_thing and len(digits) >= _SHORTEST_UNNAMED and not _is_list(run)
        return is_plain and any(self._is_national(run, known) for known in self._territories)

    def _may_be_called_so(self, run: Run) -> bool:
        """What is called a phone number is one, unless it is two short numbers: 1299 and 899.

        Asides may part it in whole groups, if it is in use.
        """
        parted = max((group.parted for group in run.groups[1:]), default=CLOSE)
        if parted >= PAUSE and len(run.groups) == 2 and run.shape() not in _SHAPES:
            return False
        if parted < WORDS:
            return True
        if len(run.stretches) > 1:
            return _has_groups(run) and any(
                self._is_national(run, one) for one in self._territories
            )
        return any(
            _is_begun_so(run.digits, territory) and _check(run.digits, territory).is_possible
            for territory in self._territories
        )

    def _is_american(self, run: Run, text: str) -> bool:
        """Written as phone numbers are in North America: (415) 555-0132, 555-0132."""
        if run.shape() not in _SHAPES or run.is_spoken:
            return False
        if run.shape() == (3, 4) and text[run.start + 3] != "-":
            return False
        return any(map(_is_north_american, self._territories))

    def _is_national(self, run: Run, territory: str) -> bool:
        """Whether nothing but the digits say that it is a phone number, and they do."""
        has_trunk = run.digits.startswith("0")
        if not _is_begun_so(run.digits, territory):
            return False
        check = _check(run.digits, territory)
        is_said_so = run.is_spoken or (has_trunk and len(run.groups) > 1)
        return check.is_valid or (check.is_possible and is_said_so)

    def is_certain(self, run: Run, text: str) -> bool:
        """Whether the digits alone, in use as they are, make a phone number: to cut long runs."""
        digits = run.digits
        if not _SHORTEST_UNNAMED <= len(digits) <= LONGEST or _is_list(run):
            return False
        if _is_scattered(run) or _is_other(run, text):
            return False
        return any(
            _is_begun_so(digits, territory) and _is_valid(digits, territory)
            for territory in self._territories
        )


def _is_international(run: Run) -> bool:
    digits = run.digits
    if run.has_plus:
        return _check("+" + digits, "ZZ").is_possible
    prefix = next((known for known in ("00", "011") if digits.startswith(known)), None)
    return prefix is not None and _check("+" + digits.removeprefix(prefix), "ZZ").is_valid


def _is_other(run: Run, text: str) -> bool:
    if _is_address(run, text) or holds_date(run, text) or _is_years(run):
        return True
    return _is_amount(run, text) or bool(_PRICE.search(text, run.start, run.end))


def holds_date(run: Run, text: str) -> bool:
    """Whether a part of a run is written as dates are."""
    return bool(_DATE.search(text, run.start, run.end))


def _is_amount(run: Run, text: str) -> bool:
    behind = text[run.end : run.end + 16].split()
    is_price = text[: run.start].rstrip()[-1:] in {"$", "€", "£"}
    has_unit = bool(behind) and fold(behind[0].strip(".,;:!?")) in _UNITS
    written = text[run.start : run.end]
    return is_price or has_unit or bool(_AMOUNT.fullmatch(written))


def _is_address(run: Run, text: str) -> bool:
    written = text[run.start : run.end]
    parts = written.split(".")
    return bool(_ADDRESS.fullmatch(written)) and len(parts) == 4 and max(map(int, parts)) < 256


def _has_groups(run: Run) -> bool:
    """Whether asides leave groups of some digits each, which may be pairs behind a 0."""
    return min(run.stretches) >= (2 if run.digits.startswith("0") else 3)


def _is_scattered(run: Run) -> bool:
    """Whether asides part it where nobody parts a phone number, as they do counts and times.

    Where all begin with 0, people say them in pairs or longer groups, elsewhere in threes.
    """
    in_threes = run.digits.startswith("0") or not any(one % 3 for one in run.stretches[:-1])
    return len(run.stretches) > 1 and not (in_threes and _has_groups(run))


def _is_list(run: Run) -> bool:
    """Numbers one by one, as in a lottery, or counting: they rise, but maybe for the last one."""
    values = [int(group.digits) for group in run.groups]
    is_short = len(values) < _FEWEST_IN_LIST or max(values) > 99
    if is_short or run.digits.startswith("0"):
        return False
    is_parted = all(group.parted >= PAUSE for group in run.groups[1:])
    is_rising = all(low < high for low, high in pairwise(values[:-1]))
    return is_rising and (is_parted or values == list(range(1, len(values) + 1)))


def _is_years(run: Run) -> bool:
    return all(_YEAR.fullmatch(group.digits) for group in run.groups)


def _is_begun_so(digits: str, territory: str) -> bool:
    """Italy has a 0 before area codes, too, but not before mobile numbers."""
    return digits.startswith("0") == _needs_trunk(territory) or territory == "IT"


def _is_valid(digits: str, territory: str) -> bool:
    return _check(digits, territory).is_valid


def _check(digits: str, territory: str) -> _Check:
    import phonenumbers

    try:
        number = phonenumbers.parse(digits, territory)
    except phonenumbers.NumberParseException:
        return _Check(False, False)
    reason = phonenumbers.is_possible_number_with_reason(number)
    results = phonenumbers.ValidationResult
    is_possible = reason in {results.IS_POSSIBLE, results.IS_POSSIBLE_LOCAL_ONLY}
    return _Check(phonenumbers.is_valid_number(number), is_possible)


@lru_cache(maxsize=512)
def _needs_trunk(territory: str) -> bool:
    """Whether numbers are always dialled, and so said, with a 0 before the area code."""
    import phonenumbers

    metadata = phonenumbers.PhoneMetadata.metadata_for_region(territory, None)
    if metadata is None:
        return False
    rules = {known.national_prefix_formatting_rule for known in metadata.number_format}
    return metadata.national_prefix == "0" and r"(\1)" not in rules


def _is_north_american(territory: str) -> bool:
    import phonenumbers

    return phonenumbers.country_code_for_region(territory) == 1


def is_territory(name: str) -> bool:
    """Whether libphonenumber knows the phone numbers of a territory, such as US."""
    import phonenumbers

    return name in phonenumbers.SUPPORTED_REGIONS
