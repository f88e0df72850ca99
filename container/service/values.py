"""How one environment variable's text becomes a value: each parser raises ValueError with a remedy.

It knows no variable names; secrets have their own parser.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

# A field name is a token: https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
_TABLE_NAME = re.compile(r"[A-Za-z0-9_.-]{3,255}")
# https://www.rfc-editor.org/rfc/rfc5646
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
# https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_GuardrailStreamConfiguration.html
_GUARDRAIL = re.compile(r"([a-z0-9]+|arn:[^\s/]+/[a-z0-9]+)/([1-9][0-9]{0,7}|DRAFT)")
_PLATFORM_HEADER = "x-elevenlabs-speech-engine-authorization"
_ON = frozenset({"on", "true", "yes", "1"})
_OFF = frozenset({"off", "false", "no", "0"})
_SHOWN_CHARACTERS = 60


def quote(text: str) -> str:
    """The text as an error message shows it: one line, quoted, of bounded length."""
    shown = text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "…"
    return repr(shown)


def whole_number(low: int, high: int | None = None) -> Callable[[str], int]:
    """A parser for an integer from `low` to `high`, both included."""

    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = low - 1
        if value < low or (high is not None and value > high):
            raise ValueError(f"is {quote(text)}; give a whole number {_range_text(low, high)}")
        return value

    return parse


def seconds(low: float, high: float | None = None) -> Callable[[str], float]:
    """A parser for a finite number of seconds from `low` to `high`, both included."""

    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value) or value < low or (high is not None and value > high):
            raise ValueError(f"is {quote(text)}; give seconds {_range_text(low, high)}")
        return value

    return parse


def number(low: float, high: float) -> Callable[[str], float]:
    """A parser for a finite number from `low` to `high`, both included."""

    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            raise ValueError(f"is {quote(text)}; give a number {_range_text(low, high)}")
        return value

    return parse


def _range_text(low: float, high: float | None) -> str:
    return f"from {low:g} up" if high is None else f"from {low:g} to {high:g}"


def choice(*options: str) -> Callable[[str], str]:
    """A parser for one of `options`, in any letter case."""

    def parse(text: str) -> str:
        if text.lower() not in options:
            raise ValueError(f"is {quote(text)}; give one of {', '.join(options)}")
        return text.lower()

    return parse


def switch(text: str) -> bool:
    """On or off, in the usual spellings."""
    if text.lower() in _ON:
        return True
    if text.lower() in _OFF:
        return False
    raise ValueError(f"is {quote(text)}; give on or off")


def host_name(text: str) -> str:
    """A host name or an address to listen on, without scheme and port."""
    if "/" in text or any(character.isspace() for character in text):
        raise ValueError(f"is {quote(text)}; give a host name or address alone, such as 127.0.0.1")
    return text


def url_path(text: str) -> str:
    """The path of a URL, such as /ws."""
    if not text.startswith("/") or not text.isascii() or re.search(r"[\s?#]", text):
        raise ValueError(f"is {quote(text)}; give a path that begins with /, such as /ws")
    return text


def header_name(text: str) -> str:
    """The name of an HTTP header that is not the platform's own authorization header."""
    if not _TOKEN.fullmatch(text):
        raise ValueError(f"is {quote(text)}; give a header name, such as X-Origin-Secret")
    if text.lower() == _PLATFORM_HEADER:
        raise ValueError("is the header that the platform signs; choose another name")
    return text


def label(text: str) -> str:
    """A short name for people, such as prod."""
    if not _LABEL.fullmatch(text):
        raise ValueError(f"is {quote(text)}; give letters, digits, - . _ alone, such as prod")
    return text


def table_name(text: str) -> str:
    """The name of a DynamoDB table, not its ARN."""
    if not _TABLE_NAME.fullmatch(text):
        raise ValueError(f"is {quote(text)}; give a DynamoDB table's name, 3 to 255 characters")
    return text


def redaction_locales(text: str) -> tuple[str, ...]:
    """Locales with commas between, such as en_US, de_DE."""
    from service.redaction.settings import parse_locales

    return parse_locales(text)


def redaction_patterns(text: str) -> dict[str, str]:
    """A JSON object of regular expressions by name, each of them safe to use."""
    from service.redaction.settings import make_redactor, parse_patterns

    make_redactor(patterns=text)
    return parse_patterns(text)


def language(text: str) -> str:
    """A language tag, such as pt-br."""
    if not _LANGUAGE.fullmatch(text):
        raise ValueError(f"is {quote(text)}; give a language tag, such as en or pt-br")
    return text.lower()


def http_url(text: str) -> str:
    """The address of an HTTP service, without credentials and query."""
    try:
        parts = urlsplit(text)
        is_good = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_good = False
        parts = urlsplit("")
    if not is_good or parts.username is not None or parts.query or parts.fragment:
        raise ValueError("is no address; give one such as https://api.example.com/v1")
    return text.rstrip("/")


def guardrail(text: str) -> tuple[str, str]:
    """Id and version of an Amazon Bedrock Guardrail, such as ab12cd34ef56/1."""
    match = _GUARDRAIL.fullmatch(text)
    if match is None:
        raise ValueError(f"is {quote(text)}; give id/version, such as ab12cd34ef56/1 or …/DRAFT")
    return match[1], match[2]
