"""One environment's settings: a TOML file in, one frozen and validated object out."""

from __future__ import annotations

from infra.settings.engine import EngineSettings
from infra.settings.engine_body import engine_body
from infra.settings.environment import Environment
from infra.settings.load import SettingsError, load_environment

__all__ = ["EngineSettings", "Environment", "SettingsError", "engine_body", "load_environment"]
