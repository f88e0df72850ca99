"""Takes values out of the environment and collects every complaint, not only the first.

It knows how a variable is read, not which variables there are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PREFIX = "SPEECH_ENGINE_"

_Value = TypeVar("_Value")


class SettingsError(Exception):
    """The environment can't be used; `problems` has one line for each variable that is wrong."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return PREFIX + name.upper()


class Reader:
    """One environment; empty variables count as unset."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.problems: list[str] = []

    def has(self, name: str) -> bool:
        """Whether the variable is set."""
        return bool(self._environ.get(name, "").strip())

    def take(self, name: str, parse: Callable[[str], _Value], default: Any = None) -> Any:
        """The variable's value; `default` where it is unset, or wrong, which is noted."""
        if not self.has(name):
            return default
        try:
            return parse(self._environ[name].strip())
        except ValueError as error:
            problem = f"{name} {error}"
            if problem not in self.problems:  # several settings may fall back to one variable
                self.problems.append(problem)
            return default
