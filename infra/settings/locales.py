"""The locales that the server's redaction knows; a test holds them and the server together."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from infra.settings.section import UNFIT

LANGUAGES = ("de", "en", "es", "fr", "it", "nl", "pl", "pt")
"""Those whose spoken digits are understood."""

_CODES = """
    AC AD AE AF AG AI AL AM AO AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR
    BS BT BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC
    EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GT GU GW GY HK
    HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB
    LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY
    MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PR PS PT PW PY QA RE RO RS
    RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TA TC TD TG TH TJ TK TL
    TM TN TO TR TT TV TW TZ UA UG US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW
    """
TERRITORIES = frozenset(_CODES.split())
"""Those whose phone numbers are known."""

_LOCALE = re.compile(r"([a-z]{2,3})_([A-Z]{2})")


def _check(text: str) -> str:
    match = _LOCALE.fullmatch(text)
    if match is None:
        remedy = "language and territory, such as en_US"
    elif match[2] not in TERRITORIES:
        remedy = "the code of a territory that has phone numbers, such as US in en_US"
    elif match[1] not in LANGUAGES:
        known = ", ".join(LANGUAGES)
        remedy = f"a language whose digits are understood ({known}), such as en_{match[2]}"
    else:
        return text
    raise PydanticCustomError(UNFIT, "{remedy}", {"remedy": remedy})


Locale = Annotated[str, AfterValidator(_check)]
