"""`speechctl transcripts` run in the test's own process, and what it said."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cli.__main__ import main
from tests.fakes.dynamo import TABLE

if TYPE_CHECKING:
    import pytest


@dataclass(frozen=True)
class Ended:
    """How a run ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)

    def assert_refused(self, *words: str, code: int = 1) -> None:
        """Nothing on standard output, one line on standard error, and the code."""
        assert (self.code, self.out) == (code, "")
        (line,) = self.err.splitlines()
        assert line.startswith("speechctl transcripts: ")
        for word in words:
            assert word in line


class Program:
    """Runs the command against the fake table, unless the arguments name another."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str, table: str | None = TABLE) -> Ended:
        named = ("--table", table) if table else ()
        subcommand, *rest = arguments
        self._capsys.readouterr()
        code = main(["transcripts", subcommand, *named, *rest])
        said = self._capsys.readouterr()
        return Ended(code, said.out, said.err)
