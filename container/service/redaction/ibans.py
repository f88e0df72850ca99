"""International bank account numbers in rows of characters: country, length, check digits.

A number that people call an IBAN is one even if its check digits are wrong: it may be misheard.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from service.redaction.naming import IBAN, name_of
from service.redaction.tokens import Finding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.redaction.spelling import Row
    from service.redaction.tokens import Token

# How many characters too few or too many a misheard IBAN may have: fifty two may be 50 2 or 52.
_TOO_FEW, _TOO_MANY = 5, 2
# https://www.swift.com/standards/data-standards/iban-international-bank-account-number
_REGISTRY = """
AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28
EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26
IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28
NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25
SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30
"""
_LENGTHS = {entry[:2]: int(entry[2:]) for entry in _REGISTRY.split()}
_START = re.compile(r"(?=([A-Z]{2})\d{2})")
# A letter that is also said for nought: "N O nine four" and "R O four nine".
_SPELLED_O = re.compile(r"(?<![A-Z])([FNR])0(?=\d\d)")


def find_ibans(row: Row, tokens: Sequence[Token]) -> list[Finding]:
    """The IBANs in a row of characters among the tokens of an utterance."""
    found: list[Finding] = []
    behind = 0
    row = row._replace(characters=_SPELLED_O.sub(r"\1O", row.characters))
    for match in _START.finditer(row.characters):
        low, length = match.start(), _LENGTHS.get(match[1])
        if length is None or low < behind:
            continue
        high = _find_end(row, low, low + length, tokens)
        place = row.place(low, high) if high else None
        if place:
            found.append(Finding("iban", tokens[place[0]].start, tokens[place[1]].end))
            behind = high
    return found


def _find_end(row: Row, low: int, high: int, tokens: Sequence[Token]) -> int:
    """Behind which character an IBAN ends that goes from `low` to `high`; 0 if it is none."""
    end = len(row.characters)
    if high <= end and is_valid(row.characters[low:high]):
        return high
    head = row.place(low, end)
    if head and name_of(tokens, *head) == IBAN and end >= high - _TOO_FEW:
        return end if end <= high + _TOO_MANY else high
    return 0


def is_valid(characters: str) -> bool:
    """Whether the check digits of an IBAN without spaces are right (ISO 7064, mod 97-10)."""
    turned = characters[4:] + characters[:4]
    return int("".join(str(int(character, 36)) for character in turned)) % 97 == 1
