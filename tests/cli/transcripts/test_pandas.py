"""What the server has written, exported, as those who analyse it open it."""

from __future__ import annotations

import importlib
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.fakes.transcript_items import make_head, make_message, put
from tests.fakes.written_conversation import LONG, NAME, write_down

if TYPE_CHECKING:
    from tests.cli.transcripts.program import Program

DOCUMENT = Path(__file__).parents[3] / "docs" / "transcripts.md"
EXACT = ["007", "0123", "NA", "1e5", "2026-11-21", "true"]


def read(file: Path, form: str) -> Any:
    """The file as the documentation says to open it."""
    pandas: Any = importlib.import_module("pandas")
    call = f"pandas.read_{'csv' if form == 'csv' else 'json'}(file"
    (line,) = re.findall(rf"`({re.escape(call)}[^`]*\))`", DOCUMENT.read_text(encoding="utf-8"))
    return eval(line, {"pandas": pandas, "file": file})  # noqa: S307 - it is the project's own


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_what_the_server_wrote_opens_in_pandas(
    client: Any, speechctl: Program, tmp_path: Path, form: str
) -> None:
    """A row for each message, words and numbers as they were, what was redacted named."""
    pandas: Any = importlib.import_module("pandas")
    put(client, *write_down(time.time()))
    file = tmp_path / f"transcripts.{form}"
    assert speechctl("export", NAME, "--format", form, "--output", str(file)).code == 0
    frame = read(file, form)
    assert list(frame["role"]) == ["user", "agent"] * 2
    assert list(frame["text"]) == ["hello", "Your table is booked", "my card is [card]", LONG]
    assert list(frame["heard"].fillna("")) == ["", "Your table", "", ""]
    assert list(frame["redacted"].fillna("")) == ["", "", "card", ""]
    assert list(frame["duration_ms"].dropna()) == [1000, 1000]
    began = pandas.to_datetime(frame["started_at"])
    assert (pandas.to_datetime(frame["at"]) >= began).all()


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_pandas_takes_words_for_words(
    client: Any, speechctl: Program, tmp_path: Path, form: str
) -> None:
    """What looks like a number, a date or a missing value is what was said, to the letter."""
    put(client, make_head(NAME, user="007"))
    put(client, *(make_message(NAME, n, 0, text, heard=text) for n, text in enumerate(EXACT)))
    file = tmp_path / f"transcripts.{form}"
    assert speechctl("export", NAME, "--format", form, "--output", str(file)).code == 0
    frame = read(file, form)
    assert [list(frame[name]) for name in ("text", "heard")] == [EXACT, EXACT]
    assert set(frame["user"]) == {"007"}
    assert list(frame["characters"]) == [len(text) for text in EXACT]
