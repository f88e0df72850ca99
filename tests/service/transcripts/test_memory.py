from __future__ import annotations

import json
import logging
import os
import time
from typing import TYPE_CHECKING

from bench.process import read_resident_bytes
from service.logs import JsonFormatter
from service.transcripts.items import ItemRules
from service.transcripts.log import TranscriptLog
from service.transcripts.pipeline import TranscriptPipeline
from service.transcripts.restore_lines import logger
from service.transcripts.scribe import NoRedaction, Scribe
from service.transcripts.table import TableUnavailable
from tests.fakes.transcript_load import SpokenConversation

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

    from service.transcripts.entries import Entry

MIB = 1024 * 1024
BUFFER_BYTES = 4 * MIB
# Ten minutes of 75 conversations that take a turn every 15 s, at two hundred words each way.
CONVERSATIONS, TURNS = 75, 40
WORDS = "speak with me of something else " * 30
SLACK_BYTES = 8 * MIB
RULES = ItemRules(days=30, shards=4, keeps_text=True, environment=None, agent="test")


class AwayTable:
    """Takes nothing, ever."""

    def write(self, entries: Sequence[Entry]) -> list[Entry]:
        raise TableUnavailable("EndpointConnectionError")


class CountedLines(logging.Handler):
    """Formats as the service's log does, and keeps nothing but which items were printed."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(JsonFormatter())
        self.items: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        line = json.loads(self.format(record))
        if line["event"] == "transcript not written":
            self.items.add(line["of"])


def test_memory_is_bounded_while_the_table_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten minutes' volume fills the buffer to its bound and no further; all else is printed."""
    lines = CountedLines()
    monkeypatch.setattr(logger, "propagate", False)
    monkeypatch.setattr(logger, "handlers", [lines])
    pipeline = TranscriptPipeline(
        lambda: Scribe(RULES, NoRedaction()), AwayTable, buffer_bytes=BUFFER_BYTES
    )
    handlers = TranscriptLog(pipeline.put, {}, engine_id_header="X-Engine").handlers()
    pipeline.start()
    before = read_resident_bytes(os.getpid())
    for number in range(CONVERSATIONS):
        hold(SpokenConversation(f"conv_{number}", handlers, WORDS), pipeline)
    waiting_bytes, printed = pipeline._buffer.size_bytes, len(lines.items)
    growth_bytes = read_resident_bytes(os.getpid()) - before
    pipeline.close(0)
    assert BUFFER_BYTES * 0.99 < waiting_bytes <= BUFFER_BYTES
    assert growth_bytes < BUFFER_BYTES + SLACK_BYTES
    assert printed > CONVERSATIONS * TURNS
    assert len(lines.items) == CONVERSATIONS * (2 * TURNS + 1)


def hold(conversation: SpokenConversation, pipeline: TranscriptPipeline) -> None:
    """Hold a whole conversation; what it says itself is forgotten with it."""
    for _ in range(TURNS - 1):
        conversation.take_turn()
    conversation.hear_last_answer()
    while len(pipeline._intake):
        time.sleep(0.001)
