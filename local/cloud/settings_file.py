"""The environment file of one run: the shipped one with what this run alone knows filled in."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def write_settings(source: Path, target: Path, changes: Mapping[str, Any]) -> None:
    """Copy a TOML file; `changes` are `{"section.key": value}` and win over what is there."""
    content = tomllib.loads(source.read_text(encoding="utf-8"))
    for path, value in changes.items():
        *sections, key = path.split(".")
        table = content
        for section in sections:
            table = table.setdefault(section, {})
        table[key] = value
    target.write_text("\n".join(_lines(content)) + "\n", encoding="utf-8")


def _lines(table: Mapping[str, Any], path: str = "") -> list[str]:
    plain = {key: value for key, value in table.items() if not isinstance(value, dict)}
    lines = [f"[{path}]"] if path and plain else []
    # A string, number, switch or list of them is written alike in JSON and in TOML.
    lines += [f"{key} = {json.dumps(value)}" for key, value in plain.items()]
    for key, value in table.items():
        if isinstance(value, dict):
            lines += _lines(value, f"{path}.{key}" if path else key)
    return lines
