"""One environment's settings: a TOML file in, one frozen and validated object out.

Pure data and rules; knows nothing of the CDK, so that commands may read it cheaply.
"""

from __future__ import annotations

from infra.settings.engine import EngineSettings
from infra.settings.engine_body import engine_body
from infra.settings.environment import Environment
from infra.settings.load import (
    SettingsError,
    environment_names,
    load_environment,
    parse_environment,
)

__all__ = [
    "EngineSettings",
    "Environment",
    "SettingsError",
    "engine_body",
    "environment_names",
    "load_environment",
    "parse_environment",
]
