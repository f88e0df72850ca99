from __future__ import annotations

import json
import logging
import os
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from service.logs import JsonFormatter
from service.transcripts import standard_output
from service.transcripts import writer as writing
from service.transcripts.events import Began, Call, Ended
from service.transcripts.items import ItemRules
from service.transcripts.pipeline import TranscriptPipeline
from service.transcripts.scribe import NoRedaction, Scribe
from service.transcripts.table import TableUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from service.transcripts.entries import Entry
    from service.transcripts.items import Item

    Events = Callable[[str], list[dict[str, Any]]]

ENOUGH_SECONDS = 10.0
RULES = ItemRules(days=30, shards=4, keeps_text=True, environment=None, agent="test")


class Table:
    """Keeps what is written; `before` is called first with each batch."""

    def __init__(self, before: Callable[[Sequence[Entry]], object] = len) -> None:
        self.keys: list[tuple[str, str]] = []
        self._before = before

    def write(self, entries: Sequence[Entry]) -> list[Entry]:
        self._before(entries)
        self.keys += [entry.key for entry in entries]
        return []


@pytest.fixture
def events(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> Events:
    """The log's lines of one event."""
    monkeypatch.setattr(writing, "_FIRST_PAUSE_SECONDS", 0.001)
    caplog.set_level(logging.INFO)

    def find(name: str) -> list[dict[str, Any]]:
        lines = [json.loads(JsonFormatter().format(record)) for record in caplog.records]
        return [line for line in lines if line["event"] == name]

    return find


def make_pipeline(table: Table, **settings: Any) -> TranscriptPipeline:
    return TranscriptPipeline(
        lambda: Scribe(RULES, NoRedaction()),
        lambda: table,
        **{"buffer_bytes": 1_000_000, **settings},
    )


def begin(pipeline: TranscriptPipeline, *names: object) -> list[tuple[str, str]]:
    """Let conversations begin; returns the keys of their items."""
    for name in names:
        pipeline.put(Began(Call(conversation_id=str(name), started_at=0.0)))
    return [(str(name), "head") for name in names]


def restored(lines: list[dict[str, Any]]) -> list[Item]:
    return [json.loads(line["data"]) for line in lines]


def test_pipeline_writes_everything_before_it_closes(events: Events) -> None:
    """Whatever was put before the close is in the table after it, in order."""
    table = Table()
    pipeline = make_pipeline(table)
    pipeline.start()
    keys = begin(pipeline, *range(60))
    pipeline.close(ENOUGH_SECONDS)
    assert table.keys == keys
    assert events("transcript not written") == events("transcripts lost") == []


def test_pipeline_writes_the_newest_state_of_an_item() -> None:
    """Of two states of one item that both wait only the newer one is written."""
    table = Table()
    pipeline = make_pipeline(table)
    call = Call(conversation_id="conv_1", started_at=0.0)
    pipeline.put(Began(call))
    pipeline.put(Ended(call, 1.0, 1000))
    pipeline.start()
    pipeline.close(ENOUGH_SECONDS)
    assert table.keys == [("conv_1", "head")]


@pytest.mark.skipif(sys.platform != "linux", reason="threads have a priority on Linux alone")
def test_pipeline_lets_the_event_loop_go_first() -> None:
    """Its threads have a lower priority than the one that talks."""
    seen: list[int] = []

    def look(_: object) -> None:
        seen.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    pipeline = make_pipeline(Table(look))
    pipeline.start()
    begin(pipeline, 1)
    pipeline.close(ENOUGH_SECONDS)
    assert seen
    assert min(seen) > os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


def test_pipeline_prints_what_finds_no_room(events: Events) -> None:
    """With the buffer full an item is printed, by a thread that is not the event loop's."""
    release = threading.Event()
    table = Table(lambda _: release.wait(ENOUGH_SECONDS))
    pipeline = make_pipeline(table, buffer_bytes=2000)
    pipeline.start()
    begin(pipeline, *range(10))
    printed: list[dict[str, Any]] = []
    while not printed:
        printed = events("transcript not written")
    release.set()
    pipeline.close(ENOUGH_SECONDS)
    lines = events("transcript not written")
    assert len(lines) + len(table.keys) == 10
    assert {line["of"] for line in lines}.isdisjoint({"/".join(key) for key in table.keys})


def test_pipeline_prints_what_it_has_no_time_for(events: Events) -> None:
    """A table that hangs holds the close up for its limit only, and everything is printed."""
    release = threading.Event()
    pipeline = make_pipeline(Table(lambda _: release.wait(ENOUGH_SECONDS)))
    pipeline.start()
    begin(pipeline, *range(40))
    pipeline.close(0.3)
    release.set()
    lines = events("transcript not written")
    assert {item["conversation"] for item in restored(lines)} == {*map(str, range(40))}
    assert {line["reason"] for line in lines} == {"no time left"}


def test_pipeline_gives_up_in_time_to_print(
    events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The longer printing will take, the sooner the close stops to wait for the table."""

    def be_away(_: object) -> None:
        raise TableUnavailable("ResourceNotFoundException")

    monkeypatch.setattr("service.transcripts.pipeline._PRINTED_BYTES_A_SECOND", 1)
    pipeline = make_pipeline(Table(be_away))
    pipeline.start()
    begin(pipeline, 1)
    while not events("transcripts wait"):
        pass
    pipeline.close(ENOUGH_SECONDS)
    assert len(events("transcript not written")) == 1


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Standard output, with the log, is a pipe that nobody reads; gives its other end."""
    reading, writing_end = os.pipe()
    with os.fdopen(writing_end, "w") as output:
        monkeypatch.setattr(standard_output, "_find_descriptor", output.fileno)
        monkeypatch.setattr(logging, "raiseExceptions", False)
        handler = logging.StreamHandler(output)
        handler.setFormatter(JsonFormatter())
        logging.getLogger().addHandler(handler)
        yield reading
        logging.getLogger().removeHandler(handler)
        os.read(reading, 1_000_000)
    os.close(reading)


@pytest.mark.limit(20)
@pytest.mark.usefixtures("pipe")
def test_pipeline_does_not_wait_for_a_reader_beyond_its_time(events: Events) -> None:
    """Printing what nobody reads ends with the close, and what found no room is counted."""
    release = threading.Event()
    pipeline = make_pipeline(Table(lambda _: release.wait(ENOUGH_SECONDS)))
    pipeline.start()
    begin(pipeline, *range(400))
    began = time.monotonic()
    pipeline.close(0.5)
    took = time.monotonic() - began
    release.set()
    (lost,) = events("transcripts lost")
    printed = len(events("transcript not written"))
    assert took < 3
    assert printed > 20
    assert (printed + lost["count"], lost["reason"]) == (400, "not printed in time")


def test_pipeline_that_never_started_loses_nothing(events: Events) -> None:
    """What was put into a pipeline without threads is printed at its close, once."""
    pipeline = make_pipeline(Table())
    begin(pipeline, 1)
    pipeline.close(0)
    pipeline.close(0)
    assert [item["item"] for item in restored(events("transcript not written"))] == ["head"]


def test_pipeline_tells_how_much_was_lost(events: Events) -> None:
    """What finds no room in the intake is counted in the log, and the rest is written."""
    table = Table()
    pipeline = make_pipeline(table, intake_bytes=9000)
    for name, size_bytes in enumerate((3000, 3000, 3000, 1, 1)):
        call = Call(conversation_id=str(name), started_at=0.0)
        pipeline.put(Began(call), size_bytes)
    pipeline.start()
    pipeline.close(ENOUGH_SECONDS)
    assert [event["count"] for event in events("transcripts lost")] == [2]
    assert len(table.keys) == 3


def test_pipeline_tells_that_it_cannot_write_anything_down(events: Events) -> None:
    """While there is no scribe what happens is counted as lost; once there is one it is written."""
    table, attempts = Table(), iter([ImportError("a library"), OSError("a file")])

    def make_scribe() -> Scribe:
        for error in attempts:
            raise error
        return Scribe(RULES, NoRedaction())

    pipeline = TranscriptPipeline(make_scribe, lambda: table, buffer_bytes=10_000)
    begin(pipeline, 1)
    keys = begin(pipeline, 2)
    pipeline.start()
    pipeline.close(ENOUGH_SECONDS)
    assert table.keys == keys
    failed = [event["error_type"] for event in events("transcript not understood")]
    assert failed == ["ImportError", "OSError"]
    assert [event["count"] for event in events("transcripts lost")] == [1]


def test_pipeline_survives_what_it_does_not_understand(events: Events) -> None:
    """An event that breaks the scribe is told of without its text, counted, and others written."""
    table = Table()
    pipeline = make_pipeline(table)
    broken: Any = Began(Call(conversation_id="x", started_at=float("nan")))
    pipeline.put(broken)
    keys = begin(pipeline, 1)
    pipeline.start()
    pipeline.close(ENOUGH_SECONDS)
    assert table.keys == keys
    assert [event["error_type"] for event in events("transcript not understood")] == ["ValueError"]
    (lost,) = events("transcripts lost")
    assert (lost["count"], lost["reason"]) == (1, "not understood")
