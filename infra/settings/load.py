"""Reads an environment file. The only place that knows where such files are."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import ValidationError

from infra.settings.environment import Environment

ENVIRONMENTS = Path(__file__).parents[2] / "environments"


class SettingsError(Exception):
    """An environment can't be used; `problems` has one line for each mistake."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def load_environment(name_or_path: str) -> Environment:
    """Read `environments/<name>.toml`, or the file at a path that ends in `.toml`.

    Raises SettingsError with all that is wrong.
    """
    path = _find(name_or_path)
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        return Environment.model_validate({"name": path.stem, **content})
    except tomllib.TOMLDecodeError as error:
        raise SettingsError([f"{path}: is not TOML: {error}"]) from None
    except ValidationError as error:
        raise SettingsError([f"{path}: {problem['msg']}" for problem in error.errors()]) from None


def _find(name_or_path: str) -> Path:
    if name_or_path.endswith(".toml"):
        return Path(name_or_path)
    return ENVIRONMENTS / f"{name_or_path}.toml"
