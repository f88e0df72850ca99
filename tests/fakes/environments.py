"""Environments for tests: frozen files, and the smallest there can be with a test's changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from infra.settings import Environment, SettingsError, load_environment, parse_environment

FROZEN = Path(__file__).parents[1] / "environments"
"""What environments/ holds before anybody edits it."""

REGION = "us-east-1"
ZONES = ["us-east-1a", "us-east-1b"]
DOMAIN = {
    "address.domain": "voice.example.com",
    "address.hosted_zone_id": "Z0123456789",
    "address.hosted_zone_name": "example.com",
}
PRODUCTION = {
    "production": True,
    "service.tasks": 2,
    "data.retain": True,
    "data.deletion_protection": True,
    "token.jwt.issuer": "https://auth.example.com/",
    "token.jwt.audience": ["voice"],
    "alarms.email": "oncall@example.com",
    "agent.models": ["bedrock/us.amazon.nova-lite-v1:0"],
}


def content_with(changes: dict[str, Any] | None = None) -> dict[str, Any]:
    """A file's content; `changes` goes by dotted key, and None takes a key out."""
    content: dict[str, Any] = {"aws": {"region": REGION, "availability_zones": list(ZONES)}}
    for key, value in (changes or {}).items():
        *tables, last = key.split(".")
        table = content
        for name in tables:
            table = table.setdefault(name, {})
        if value is None:
            table.pop(last, None)
        else:
            table[last] = value
    return content


def frozen_environment(name: str) -> Environment:
    """One of tests/environments: it stays as it is when a fork fills in its own."""
    return load_environment(str(FROZEN / f"{name}.toml"))


def environment_with(changes: dict[str, Any] | None = None, *, name: str = "test") -> Environment:
    """The environment of such a file. Raises SettingsError as the real ones do."""
    return parse_environment(content_with(changes), name=name)


def problems_with(changes: dict[str, Any]) -> list[str]:
    """What is wrong with such a file, one line each without the file's name."""
    try:
        environment_with(changes)
    except SettingsError as error:
        return [problem.removeprefix("settings: ") for problem in error.problems]
    return []
