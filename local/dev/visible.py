"""What others have said, made fit for a terminal: nothing in it can steer, hide or reorder.

Control characters and escape sequences (https://cwe.mitre.org/data/definitions/150.html) and signs
that turn the direction of text (https://www.unicode.org/reports/tr9/) are shown as escapes.
"""

from __future__ import annotations

import json
import re

_UNSAFE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff"
    r"\U000e0000-\U000e007f]"
)


def make_visible(text: str) -> str:
    r"""The text on one line, with escapes such as \x1b for what must not reach a terminal."""
    return _UNSAFE.sub(_escape, text)


def make_lines_visible(text: str) -> list[str]:
    """The text's own lines, each fit for a terminal; at least one."""
    return [make_visible(line.removesuffix("\r")) for line in text.split("\n")]


def dump_json(document: object, *, indent: int | None = None) -> str:
    """JSON in printable ASCII alone: exact for a program, harmless in a terminal."""
    # DEL is the only control character that JSON leaves as it is, and only texts can hold it.
    return json.dumps(document, indent=indent).replace("\x7f", "\\u007f")


def _escape(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode()
