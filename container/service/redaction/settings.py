"""What the settings say about redaction becomes a redactor; every error is one line with a remedy.

It knows the form of the settings' texts, not the names of the variables.
"""

from __future__ import annotations

import json
import re

from service.redaction.languages import LANGUAGES
from service.redaction.phones import is_territory
from service.redaction.redactor import DEFAULT_LOCALES, KINDS, Redactor

_LOCALE = re.compile(r"([A-Za-z]{2,3})[-_]([A-Za-z]{2})")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")
_MOST_PATTERNS = 20


def make_redactor(locales: str = "", patterns: str = "") -> Redactor:
    """The redactor for comma-separated locales and a JSON object of named regular expressions.

    Raises ValueError, whose text says what is wrong with which of the two and what to write.
    """
    return Redactor(parse_locales(locales), parse_patterns(patterns))


def parse_locales(text: str) -> tuple[str, ...]:
    """Locales such as "en_US, de-DE", each in the form en_US; the default when there are none."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    return tuple(dict.fromkeys(map(_parse_locale, names))) or DEFAULT_LOCALES


def _parse_locale(name: str) -> str:
    match = _LOCALE.fullmatch(name)
    if match is None:
        raise ValueError(f"has the locale {name[:20]!r}; give language and territory, as in en_US")
    language, territory = match[1].lower(), match[2].upper()
    locale = f"{language}_{territory}"
    if not is_territory(territory):
        raise ValueError(f"has the locale {locale!r} of an unknown territory; give one as in en_US")
    if language not in LANGUAGES:
        known = ", ".join(sorted(LANGUAGES))
        raise ValueError(
            f"has the locale {locale!r}, whose spoken digits are not understood; give one of the"
            f" languages {known}, as in en_{territory}"
        )
    return locale


def parse_patterns(text: str) -> dict[str, str]:
    r"""Patterns such as {"order": "ORD-\\d{6}"}; that they are safe is the redactor's check."""
    try:
        patterns = json.loads(text) if text.strip() else {}
    except ValueError:
        patterns = None
    if not isinstance(patterns, dict) or not all(isinstance(one, str) for one in patterns.values()):
        raise ValueError('is no JSON object of texts; give one such as {"order": "ORD-[0-9]{6}"}')
    if len(patterns) > _MOST_PATTERNS:
        raise ValueError(f"has {len(patterns)} patterns; give at most {_MOST_PATTERNS}")
    for name in patterns:
        _check_name(name)
    return patterns


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"has the name {name[:20]!r}; give small letters, digits and _ alone, such as order"
        )
    if name in KINDS:
        raise ValueError(f"has the name {name!r}, which is a kind of its own; choose another")
