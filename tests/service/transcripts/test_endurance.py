"""Many conversations, a real client, and a table that is often busy and for a while away."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

import pytest

from service.transcripts import writer as writing
from service.transcripts.items import ItemRules
from service.transcripts.log import TranscriptLog
from service.transcripts.pipeline import TranscriptPipeline
from service.transcripts.scribe import NoRedaction, Scribe
from service.transcripts.table import DynamoTable
from tests.fakes.dynamo import CREDENTIALS, REGION, TABLE
from tests.fakes.faulty_table import THROTTLED, FaultyTable, listening
from tests.fakes.transcript_load import SpokenConversation, read_messages

if TYPE_CHECKING:
    from collections.abc import Iterator

CONVERSATIONS = int(os.environ.get("TRANSCRIPT_CONVERSATIONS", "500"))
AWAY_SECONDS = float(os.environ.get("TRANSCRIPT_AWAY_SECONDS", "2"))
TURNS = 20
ROUND_SECONDS = 0.1
FULL_AWAY_SECONDS = 20.0
DRAIN_SECONDS = 90.0
RULES = ItemRules(days=30, shards=4, keeps_text=True, environment="test", agent="test")
WORDS = "I would like to move my appointment to the next Tuesday, please"


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyTable]:
    """A table that refuses 30% of the requests and leaves a tenth of the items."""
    faulty = FaultyTable(throttled_share=0.3, unprocessed_share=0.1)
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    with listening(faulty) as address:
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        # The longest pause is that much shorter as the table is away.
        scale = AWAY_SECONDS / FULL_AWAY_SECONDS
        monkeypatch.setattr(writing, "_LONGEST_PAUSE_SECONDS", 20.0 * scale)
        monkeypatch.setattr(writing, "_FIRST_PAUSE_SECONDS", 0.1 * scale)
        yield faulty


def make_pipeline(**settings: Any) -> TranscriptPipeline:
    return TranscriptPipeline(
        lambda: Scribe(RULES, NoRedaction()),
        lambda: DynamoTable(TABLE, REGION),
        **{"buffer_bytes": 32 * 1024 * 1024, **settings},
    )


def test_transcripts_are_whole_whatever_the_table_does(table: FaultyTable) -> None:
    """With writes throttled, items left and the table away every item is there, in order, once."""
    pipeline = make_pipeline()
    handlers = TranscriptLog(pipeline.put, {}, engine_id_header="X-Engine").handlers()
    pipeline.start()
    held = [SpokenConversation(f"conv_{n}", handlers, WORDS) for n in range(CONVERSATIONS)]
    away_since = 0.0
    for turn in range(1, TURNS):
        if turn == TURNS // 4:
            table.is_away, away_since = True, time.monotonic()
        for conversation in held:
            conversation.take_turn()
        time.sleep(ROUND_SECONDS)
    time.sleep(max(0.0, away_since + AWAY_SECONDS - time.monotonic()))
    table.is_away = False
    for conversation in held:
        conversation.hear_last_answer()
    pipeline.close(DRAIN_SECONDS)
    assert table.answers[THROTTLED] > 0.2 * sum(table.answers.values())
    assert len(table.items) == CONVERSATIONS * (2 * TURNS + 1)
    for conversation in held:
        items = table.of(conversation.name)
        assert read_messages(items) == conversation.expected
        assert (items[0]["turns"], items[0]["messages"]) == (TURNS, 2 * TURNS)
        assert items[0]["ending"] == "closed"
