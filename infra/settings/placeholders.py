"""What a shipped environment file leaves for its owner to fill in.

A file with placeholders synthesizes, which needs no account; only deploying it makes no sense.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.settings.environment import Environment

# Names reserved for documentation (https://www.rfc-editor.org/rfc/rfc2606), EXAMPLE in an
# identifier as AWS writes them, and <fill this in>, but no markup in a longer text.
_PLACEHOLDER = re.compile(r"\bexample\.(com|net|org)\b|EXAMPLE|^\s*<[^>]*>\s*$")


def placeholders(environment: Environment) -> list[str]:
    """The dotted keys whose values are still those of the shipped example."""
    settings = environment.model_dump(mode="json")
    return [key for key, text in _texts(settings, "") if _PLACEHOLDER.search(text)]


def _texts(value: Any, key: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _texts(item, f"{key}.{name}" if key else name)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item, key)
    elif isinstance(value, str):
        yield key, value
