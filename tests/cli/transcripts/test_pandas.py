"""What the server has written, exported, as those who analyse it open it."""

from __future__ import annotations

import importlib
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.fakes.transcript_items import put
from tests.fakes.written_conversation import LONG, NAME, write_down

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.transcripts.program import Program

# One process imports it: that takes longer than all of its tests.
pytestmark = pytest.mark.xdist_group("pandas")

READERS: dict[str, dict[str, Any]] = {
    "jsonl": {"lines": True},
    "csv": {"keep_default_na": False, "na_values": {"duration_ms": [""]}},
}


@pytest.mark.parametrize("form", READERS)
def test_what_the_server_wrote_opens_in_pandas(
    client: Any, speechctl: Program, tmp_path: Path, form: str
) -> None:
    """A row for each message, words and numbers as they were, what was redacted named."""
    pandas: Any = importlib.import_module("pandas")
    put(client, *write_down(time.time()))
    file = tmp_path / f"transcripts.{form}"
    assert speechctl("export", NAME, "--format", form, "--output", str(file)).code == 0
    read = pandas.read_csv if form == "csv" else pandas.read_json
    frame = read(file, **READERS[form])
    assert list(frame["role"]) == ["user", "agent"] * 2
    assert list(frame["text"]) == ["hello", "Your table is booked", "my card is [card]", LONG]
    assert list(frame["heard"].fillna("")) == ["", "Your table", "", ""]
    assert list(frame["redacted"].fillna("")) == ["", "", "card", ""]
    assert list(frame["duration_ms"].dropna()) == [1000, 1000]
    began = pandas.to_datetime(frame["started_at"])
    assert (pandas.to_datetime(frame["at"]) >= began).all()
