"""Reads an environment file. The only place that knows where such files are."""

from __future__ import annotations

import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from infra.settings.agent import READY_MADE
from infra.settings.environment import Environment
from infra.settings.problems import describe, mistaken_keys, without
from infra.settings.rules import broken_rules, misplaced_keys

PROJECT = Path(__file__).resolve().parents[2]
ENVIRONMENTS = PROJECT / "environments"
AGENTS = PROJECT / "container"


class SettingsError(Exception):
    """An environment can't be used; `problems` has one line for each mistake."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def environment_names() -> list[str]:
    """The environments that there are: the files' names without their ending."""
    return sorted(path.stem for path in ENVIRONMENTS.glob("*.toml"))


def load_environment(name_or_path: str) -> Environment:
    """Read `environments/<name>.toml`, or the file at a path that ends in `.toml`.

    Raises SettingsError with all that is wrong; each line begins with the file.
    """
    path = _find(name_or_path)
    environment = parse_environment(_read(path), name=path.stem, file=_shown(path))
    if problem := _missing_agent(environment.agent.module.partition(":")[0]):
        raise SettingsError([f"{_shown(path)}: {problem}"])
    return environment


def parse_environment(
    content: dict[str, Any], *, name: str = "test", file: str = "settings"
) -> Environment:
    """Check what a file has and turn it into an environment.

    `name` is the environment's unless the content has one, `file` what the errors begin with.
    Raises SettingsError.
    """
    content = {"name": name, **content}
    environment, problems = _validate(content)
    problems = misplaced_keys(content) + problems
    if environment is None or problems:
        raise SettingsError([f"{file}: {problem}" for problem in problems])
    return environment


def _missing_agent(module: str) -> str | None:
    """What is wrong with an agent that will not be in the image."""
    file = AGENTS.joinpath(*module.split("."))
    if module in READY_MADE or file.with_suffix(".py").is_file() or file.is_dir():
        return None
    known = [*READY_MADE, *(path.stem for path in sorted(AGENTS.glob("*.py")))]
    near = get_close_matches(module, known, n=1)
    remedy = f"did you mean {near[0]}?" if near else f"write it, or give one of {', '.join(known)}"
    return f"agent.module is {module!r}, but there is no {_shown(file)}.py; {remedy}"


def _validate(content: dict[str, Any]) -> tuple[Environment | None, list[str]]:
    try:
        environment = Environment.model_validate(content)
    except ValidationError as error:
        keys = mistaken_keys(error, content)
        return None, describe(error, content) + _broken_besides(content, keys)
    return environment, broken_rules(environment)


def _broken_besides(content: dict[str, Any], mistaken: set[str]) -> list[str]:
    """What rules say about the rest of a file with mistakes, as far as the rest makes sense."""
    try:
        environment = Environment.model_validate(without(content, mistaken))
    except ValidationError:
        return []
    problems = broken_rules(environment)
    return [problem for problem in problems if not any(key in problem for key in mistaken)]


def _find(name_or_path: str) -> Path:
    if name_or_path.endswith(".toml"):
        return Path(name_or_path)
    names = environment_names()
    if name_or_path in names:
        return ENVIRONMENTS / f"{name_or_path}.toml"
    near = get_close_matches(name_or_path, names, n=1)
    remedy = f"did you mean {near[0]}? There are" if near else "there are"
    raise SettingsError([f"there is no environment {name_or_path!r}; {remedy}: {', '.join(names)}"])


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        problem = f"can't be read: {error.strerror}; check the path and its permissions"
    except UnicodeDecodeError as error:
        problem = f"is not UTF-8 at byte {error.start}; save it as UTF-8"
    except ValueError as error:  # TOMLDecodeError, or a number that is too long
        problem = f"is not TOML; correct this: {error}"
    except RecursionError:
        problem = "is nested too deeply; take the innermost brackets out"
    raise SettingsError([f"{_shown(path)}: {problem}"])


def _shown(path: Path) -> str:
    absolute = path.resolve()
    return str(absolute.relative_to(PROJECT) if absolute.is_relative_to(PROJECT) else path)
