"""The read API's settings: environment variables in, one frozen and validated object out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_MOST_SHARDS = 1000


class SettingsError(Exception):
    """The environment can't be used; the message is one line that says which variable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The table, and over how many keys its index spreads a day."""

    table: str
    shards: int


def variable_names() -> tuple[str, ...]:
    """Return every environment variable that the function reads, Lambda's own left out."""
    return ("TRANSCRIPT_TABLE", "TRANSCRIPT_SHARDS")


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Read and check the environment. Raises SettingsError."""
    table, shards = (environ.get(name, "").strip() for name in variable_names())
    if not table:
        raise SettingsError("TRANSCRIPT_TABLE is missing")
    if not (shards.isdecimal() and 1 <= int(shards) <= _MOST_SHARDS):
        raise SettingsError(f"TRANSCRIPT_SHARDS is not a whole number from 1 to {_MOST_SHARDS}")
    return Settings(table=table, shards=int(shards))
