"""The forms of an export: JSON Lines, CSV and Markdown. All of them write text, none reads a table.

What people have said must not become a formula in a spreadsheet
(https://owasp.org/www-community/attacks/CSV_Injection), nor markup on a page. JSON Lines is exact.
"""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING, Protocol

from cli.transcripts.rows import COLUMNS, make_rows
from local.dev.visible import dump_json

if TYPE_CHECKING:
    from typing import TextIO

    from functions.transcripts.reader import Conversation, Message

# The wide forms count in some spreadsheets too. A blank before the sign doesn't help either, nor
# quotation marks where the spreadsheet's language has semicolons between cells.
_FORMULA = re.compile(r"^(?=[\t\n])|(^|[;\n])(?=[^\S\n]*[=+\-@\uff1d\uff0b\uff0d\uff20])")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_LINE_END = re.compile(r"\r\n?")
_MARKUP = re.compile(r"([\\`*_{}\[\]<>&|~#$])|^(\s*)([-+=]|\d+[.)])", re.MULTILINE)


class Format(Protocol):
    """Writes one conversation after the other."""

    def __init__(self, output: TextIO) -> None: ...

    def write(self, conversation: Conversation) -> int:
        """Write it; returns how many messages it had."""
        ...


class JsonLines:
    """One JSON object for each message, with every column."""

    def __init__(self, output: TextIO) -> None:
        self._output = output

    def write(self, conversation: Conversation) -> int:
        """Write one line for each message."""
        rows = [dump_json(row) + "\n" for row in make_rows(conversation)]
        self._output.writelines(rows)
        return len(rows)


class Csv:
    """RFC 4180 with a head line. What could be a formula has an apostrophe before it."""

    def __init__(self, output: TextIO) -> None:
        self._writer = csv.DictWriter(output, COLUMNS)
        self._writer.writeheader()

    def write(self, conversation: Conversation) -> int:
        """Write one row for each message."""
        rows = [
            {
                name: _disarm(value) if isinstance(value, str) else value
                for name, value in row.items()
            }
            for row in make_rows(conversation)
        ]
        self._writer.writerows(rows)
        return len(rows)


class Markdown:
    """A page to read: a heading for each conversation, a quotation for each message."""

    def __init__(self, output: TextIO) -> None:
        self._output = output

    def write(self, conversation: Conversation) -> int:
        """Write one section."""
        lines = [f"# {_escape(conversation.conversation_id)}", ""]
        about = conversation.as_json()
        about.pop("messages")
        about.pop("conversation_id")
        lines += [f"- {name}: {_escape(str(value))}" for name, value in about.items()]
        for message in conversation.messages:
            lines += ["", *_tell_message(message)]
        self._output.write("\n".join(lines) + "\n\n")
        return len(conversation.messages)


FORMATS: dict[str, type[Format]] = {"jsonl": JsonLines, "csv": Csv, "markdown": Markdown}


def _make_printable(text: str) -> str:
    return _UNPRINTABLE.sub("\ufffd", _LINE_END.sub("\n", text))


def _disarm(text: str) -> str:
    return _FORMULA.sub(r"\g<0>'", _make_printable(text))


def _tell_message(message: Message) -> list[str]:
    facts = [message.at, *([message.outcome] if message.outcome else [])]
    words = "(words are not stored)" if message.text is None else message.text
    lines = [f"**{_escape(message.role)}** ({_escape(', '.join(facts))})", ""]
    lines += [f"> {line}" for line in _escape(words).split("\n")]
    if message.heard is not None:
        heard = _escape(message.heard).split("\n")
        lines += ["", "heard:", "", *(f"> {line}" for line in heard)]
    return lines


def _escape(text: str) -> str:
    return _MARKUP.sub(_escape_match, _make_printable(text))


def _escape_match(match: re.Match[str]) -> str:
    if match[1]:
        return f"\\{match[1]}"
    # Of "1." it is the full stop that makes a list.
    mark = match[3]
    return f"{match[2]}{mark[:-1]}\\{mark[-1]}"
