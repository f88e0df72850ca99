"""Mistakes in an environment file, each told in one line: the key, what is wrong, what to do."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from infra.settings.keys import settings_keys
from infra.settings.section import UNFIT

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

_SHOWN_CHARACTERS = 60
# ElevenLabs; OpenAI and Anthropic; Gemini.
_KEY_BEGINNINGS = ("sk_", "sk-", "AIza")
# One of them within a longer text: long, and with a digit, as no word is.
_KEY_INSIDE = re.compile(r"(?<![A-Za-z0-9])(sk[_-]|AIza)(?=[\w-]*\d)[\w-]{16,}", re.ASCII)
_CREDENTIALS = re.compile(r"//[^/\s]*@")
# Keys whose words are another key's, though not its letters.
_MEANT = {"service.agent": "agent.module"}
DOCUMENT = "docs/configuration.md"

# What to give instead, by pydantic's name for the mistake:
# https://docs.pydantic.dev/latest/errors/validation_errors/
_REMEDIES = {
    UNFIT: "{remedy}",
    "string_type": "a text, in quotes",
    "int_type": "a whole number, without quotes",
    "float_type": "a number, without quotes",
    "finite_number": "a finite number",
    "bool_type": "true or false, without quotes",
    "list_type": "a list, in brackets",
    "dict_type": "a table of keys",
    "model_type": "a table of keys",
    "literal_error": "{expected}",
    "greater_than": "more than {gt}",
    "greater_than_equal": "{ge} or more",
    "less_than_equal": "{le} or less",
    "string_too_short": "at least {min_length} character",
    "string_too_long": "at most {max_length} characters",
    "too_short": "at least {min_length}",
    "too_long": "at most {max_length}",
}


def describe(error: ValidationError, content: dict[str, Any]) -> list[str]:
    """One line for each mistake that the model found in a file's content."""
    return [_describe_one(found, content) for found in error.errors(include_url=False)]


def mistaken_keys(error: ValidationError, content: dict[str, Any]) -> set[str]:
    """The dotted keys of all that the model refused."""
    return {_dotted(found["loc"], content) for found in error.errors(include_url=False)}


def without(content: dict[str, Any], keys: set[str], prefix: str = "") -> dict[str, Any]:
    """A copy of a file's content without some of its keys, by dotted path."""
    kept: dict[str, Any] = {}
    for name, value in content.items():
        key = prefix + name
        # A list goes as a whole when one of its items is refused.
        if key in keys or any(mistake.startswith(f"{key}[") for mistake in keys):
            continue
        kept[name] = without(value, keys, f"{key}.") if isinstance(value, dict) else value
    return kept


def quote(value: object) -> str:
    """A value as a person would recognize it: short, on one line, and never an API key."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if looks_like_api_key(value):
        return "an API key"
    if isinstance(value, str) and _CREDENTIALS.search(value):
        return "an address with credentials"
    shown = repr(value) if isinstance(value, str) else str(value)
    return shown if len(shown) <= _SHOWN_CHARACTERS else shown[:_SHOWN_CHARACTERS] + "…"


def looks_like_api_key(value: object) -> bool:
    """Whether a value is, or holds, a key of ElevenLabs or a provider of models, by its form."""
    return isinstance(value, str) and (
        value.strip().startswith(_KEY_BEGINNINGS) or _KEY_INSIDE.search(value) is not None
    )


def _describe_one(found: ErrorDetails, content: dict[str, Any]) -> str:
    key = _dotted(found["loc"], content)
    if found["type"] == "extra_forbidden":
        return f"{key} is unknown; {_suggest(key)}"
    if found["type"] == "missing":
        table, _, name = key.rpartition(".")
        return f"{key} is missing; add {name} to [{table}]" if table else _missing_table(key)
    remedy = _REMEDIES.get(found["type"], "another value ({message})")
    told = remedy.format(**found.get("ctx", {}), message=found["msg"])
    return f"{key} is {quote(found['input'])}; give {told}"


def _missing_table(key: str) -> str:
    required = [
        name.removeprefix(f"{key}.")
        for name, field in settings_keys().items()
        if name.startswith(f"{key}.") and field.is_required()
    ]
    return f"{key} is missing; add [{key}] with {' and '.join(required)}"


def _dotted(location: tuple[int | str, ...], content: Any) -> str:
    """The key as the file has it: without the parts that name a choice between types."""
    parts: list[str] = []
    for index, part in enumerate(location):
        known = isinstance(content, dict) and part in content
        if isinstance(content, list) and isinstance(part, int):
            parts[-1] += f"[{part}]"
            content = content[part]
        elif known or (index == len(location) - 1 and isinstance(content, dict)):
            parts.append(str(part))
            content = content.get(part)
    return ".".join(parts)


def _suggest(key: str) -> str:
    known = list(settings_keys())
    last = key.rpartition(".")[2]
    if key in _MEANT:
        return f"did you mean {_MEANT[key]}?"
    near = get_close_matches(key, known, n=1, cutoff=0.8) or [
        candidate for candidate in known if candidate.rpartition(".")[2] == last
    ]
    return f"did you mean {near[0]}?" if near else f"see {DOCUMENT}"
