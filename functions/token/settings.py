"""The endpoint's settings: environment variables in, one frozen and validated object out.

Every variable of the function's own is read here and nowhere else. It does not know Lambda's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from functions.token.exchange import check_url

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
_ENGINE_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")


class SettingsError(Exception):
    """The environment can't be used; the message is one line with everything that is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything the endpoint can be told. Without `ticket_secret` it gives no user tickets."""

    elevenlabs_url: str
    api_key_secret: str
    engine_id: str
    key_cache_seconds: int = 300
    log_level: str = "INFO"
    ticket_secret: str | None = None
    ticket_seconds: int = 300


def variable_names() -> tuple[str, ...]:
    """Return every environment variable that the endpoint reads, Lambda's own left out."""
    return tuple(variable for variable, _ in _VARIABLES.values())


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Read and check the environment; an empty variable counts as unset. Raises SettingsError."""
    chosen: dict[str, Any] = {}
    problems: list[str] = []
    for name, (variable, parse) in _VARIABLES.items():
        text = environ.get(variable, "").strip()
        try:
            if text:
                chosen[name] = parse(text)
            elif name in _REQUIRED:
                raise ValueError("is missing")
        except ValueError as error:
            problems.append(f"{variable} {error}")
    if problems:
        raise SettingsError("; ".join(problems))
    return Settings(**chosen)


def _engine_id(text: str) -> str:
    if not _ENGINE_ID.fullmatch(text):
        raise ValueError("is not an engine id, such as seng_0123")
    return text


def _log_level(text: str) -> str:
    if text.upper() not in _LOG_LEVELS:
        raise ValueError(f"is not one of {', '.join(_LOG_LEVELS)}")
    return text.upper()


def _whole_seconds(lowest: int, highest: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not (text.isdecimal() and lowest <= int(text) <= highest):
            raise ValueError(f"is not a whole number of seconds from {lowest} to {highest}")
        return int(text)

    return parse


_REQUIRED = ("elevenlabs_url", "api_key_secret", "engine_id")
_VARIABLES: dict[str, tuple[str, Callable[[str], object]]] = {
    "elevenlabs_url": ("ELEVENLABS_URL", check_url),
    "api_key_secret": ("ELEVENLABS_API_KEY_SECRET", str),
    "engine_id": ("SPEECH_ENGINE_ID", _engine_id),
    "key_cache_seconds": ("KEY_CACHE_SECONDS", _whole_seconds(0, 86_400)),
    "log_level": ("LOG_LEVEL", _log_level),
    "ticket_secret": ("USER_TICKET_SECRET", str),
    "ticket_seconds": ("USER_TICKET_SECONDS", _whole_seconds(1, 3_600)),
}
