from __future__ import annotations

import io
import json
import logging
from typing import TYPE_CHECKING

from hypothesis import example, given, settings
from hypothesis import strategies as st

from service.logs import JsonFormatter, TextFormatter
from service.transcripts.entries import encode
from service.transcripts.restore_lines import LONGEST_LINE_BYTES, RestorePrinter, logger
from tests.fakes.restored_items import read_restored

if TYPE_CHECKING:
    from service.transcripts.items import Item

# A short text of any characters, over and over: up to 1 MB without the time to draw that much.
TEXTS = st.builds(
    lambda text, length: (text * (length // max(len(text), 1) + 1))[:length],
    st.text(max_size=40),
    st.sampled_from([0, 1, 50, 4_000, 5_000, 30_000, 250_000]),
)
NAMES = st.text(min_size=1, max_size=64)


def printed(
    item: Item,
    reason: str = "ValidationException",
    form: type[JsonFormatter | TextFormatter] = JsonFormatter,
) -> list[str]:
    """The lines of an item as the service's log has them."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(form())
    logger.addHandler(handler)
    try:
        RestorePrinter().print_entries([encode(item)], reason)
    finally:
        logger.removeHandler(handler)
    return stream.getvalue().splitlines()


@settings(max_examples=40)
@given(name=NAMES, text=TEXTS, heard=TEXTS, chunks=st.integers(0, 10**15))
@example(name="\x00" * 64, text='"' * 1_000_000, heard="", chunks=1)
@example(name="🙂" * 64, text="\\" * 9_999, heard="\x7f\u2028", chunks=1)
def test_restore_lines_hold_any_item(name: str, text: str, heard: str, chunks: int) -> None:
    """Whatever an item has in it comes back from its lines, and none is longer than 4 KB."""
    key = "message#000000000001#0001#part#0002"
    item: Item = {"conversation": name, "item": key, "text": text, "heard": heard, "chunks": chunks}
    lines = printed(item)
    assert read_restored(json.loads(line) for line in lines[::-1]) == [item]
    assert max(len(line.encode()) + 1 for line in lines) <= LONGEST_LINE_BYTES
    assert all(line.isascii() for line in lines)
    first = json.loads(lines[0])
    assert (first["event"], first["of"]) == ("transcript not written", f"{name}/{key}")
    assert first["reason"] == "ValidationException"


def test_restore_line_of_a_usual_item_is_one() -> None:
    """A message as people speak takes a single line."""
    (line,) = printed({"conversation": "conv_1", "item": "message#1", "text": "Guten Tag " * 50})
    assert (json.loads(line)["part"], json.loads(line)["parts"]) == (1, 1)


def test_restore_line_is_json_in_a_log_of_text() -> None:
    """Where people read the log, what was printed can still be put back."""
    item: Item = {"conversation": "conv_1", "item": "head", "text": "a b\x7f\u2028"}
    (line,) = printed(item, form=TextFormatter)
    assert read_restored([json.loads(line)]) == [item]
    assert "is_for_programs" not in json.loads(line)
