from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic_core import PydanticUndefined

from infra.settings.keys import section_of, settings_keys
from infra.settings.problems import DOCUMENT

LINES = (Path(__file__).resolve().parents[3] / DOCUMENT).read_text().splitlines()
# The part about environments ends where the next one begins.
PART = LINES[: LINES.index("# Configuration of the server")]
PLAIN = {key: field for key, field in settings_keys().items() if section_of(field) is None}


def documented() -> dict[str, str]:
    """The default in the document, by dotted key."""
    table, found = "", {}
    for line in PART:
        if heading := re.fullmatch(r"#+ `\[(.+)\]`", line):
            table = f"{heading[1]}."
        elif row := re.fullmatch(r"\| `(\w+)` \| (.+?) \| (.+) \|", line):
            found[table + row[1]] = row[2].strip("`")
    return found


DOCUMENTED = documented()


def default_of(key: str) -> str:
    value = PLAIN[key].get_default(call_default_factory=True)
    if value is PydanticUndefined:
        return "required"
    if value is None:
        return "—"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def test_document_has_every_key_and_no_other() -> None:
    """Each key of an environment file has its row under its table; no row is about nothing."""
    assert sorted(DOCUMENTED) == sorted(PLAIN)


@pytest.mark.parametrize("key", sorted(PLAIN.keys() - {"name"}))
def test_document_tells_the_default(key: str) -> None:
    """The default in the document is the code's."""
    assert DOCUMENTED[key] == default_of(key)
