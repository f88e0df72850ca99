from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import pytest

from service.logs import JsonFormatter
from service.transcripts import writer as writing
from service.transcripts.buffer import Buffer
from service.transcripts.entries import encode
from service.transcripts.table import (
    CredentialsRefused,
    ItemRefused,
    TableBusy,
    TableUnavailable,
)
from service.transcripts.writer import TranscriptWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from service.transcripts.entries import Entry

    Events = Callable[[str], list[dict[str, Any]]]


def entry(name: str, **fields: str | int) -> Entry:
    return encode({"conversation": "conv_1", "item": name, **fields})


class Table:
    """Keeps what is written, after doing first what it was told to do at each call."""

    def __init__(self, *first: Callable[[Sequence[Entry]], list[Entry]]) -> None:
        self.first = list(first)
        self.batches: list[list[Entry]] = []
        self.entries: dict[str, Entry] = {}

    def write(self, entries: Sequence[Entry]) -> list[Entry]:
        self.batches.append(list(entries))
        left = self.first.pop(0)(entries) if self.first else []
        assert len({entry.key for entry in entries}) == len(entries), "a key is there twice"
        self.entries.update({entry.key[1]: entry for entry in entries if entry not in left})
        return left


def be_away(_: Sequence[Entry]) -> list[Entry]:
    raise TableUnavailable("ResourceNotFoundException")


def be_busy(_: Sequence[Entry]) -> list[Entry]:
    raise TableBusy("ThrottlingException")


def break_down(_: Sequence[Entry]) -> list[Entry]:
    raise RuntimeError("what the user said")


@pytest.fixture(autouse=True)
def _no_long_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "_FIRST_PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(writing, "_LONGEST_PAUSE_SECONDS", 0.01)


@pytest.fixture
def events(caplog: pytest.LogCaptureFixture) -> Events:
    """The log's lines of one event."""
    caplog.set_level(logging.INFO)

    def find(name: str) -> list[dict[str, Any]]:
        lines = [json.loads(JsonFormatter().format(record)) for record in caplog.records]
        return [line for line in lines if line["event"] == name]

    return find


def write(table: Table, *entries: Entry) -> TranscriptWriter:
    """Run a writer until all entries are written, in this thread."""
    buffer = Buffer(1_000_000)
    assert buffer.put(entries) == []
    buffer.close()
    writer = TranscriptWriter(lambda: table, buffer)
    writer.run()
    assert len(buffer) == 0
    return writer


def test_writer_writes_in_batches() -> None:
    """Everything is written, in order, in batches that the table can take."""
    table = Table()
    entries = [entry(f"{number:03}") for number in range(60)]
    write(table, *entries)
    assert [len(batch) for batch in table.batches] == [25, 25, 10]
    assert list(table.entries.values()) == entries


@pytest.mark.parametrize(
    "trouble",
    [
        lambda entries: list(entries[1:]),
        list,
        be_away,
        be_busy,
        break_down,
    ],
)
def test_writer_tries_again(
    trouble: Callable[[Sequence[Entry]], list[Entry]], events: Events
) -> None:
    """What the table did not take is written later, whatever the reason; no text leaks."""
    table = Table(trouble, trouble)
    write(table, entry("1"), entry("2"), entry("3", text="said"))
    assert set(table.entries) == {"1", "2", "3"}
    assert events("transcript not written") == []
    assert "said" not in json.dumps(events("transcripts wait"))


def test_writer_tells_a_reason_once_in_a_while(
    monkeypatch: pytest.MonkeyPatch, events: Events
) -> None:
    """A reason to wait is told at once, again only after some seconds, and another one at once."""
    clock = iter([0.0, 5.0, 6.0, 9.9, 10.0])
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    write(Table(be_away, be_away, be_busy, be_away, be_away), entry("1"))
    away, busy = "ResourceNotFoundException", "ThrottlingException"
    assert [event["reason"] for event in events("transcripts wait")] == [away, busy, away]


def test_writer_pauses_longer_the_longer_the_table_is_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The bound of the random pause doubles at each failure; what little is left waits little."""
    bounds: list[float] = []

    def draw(_low: float, high: float) -> float:
        bounds.append(high)
        return 0.0

    monkeypatch.setattr("random.uniform", draw)
    monkeypatch.setattr(writing, "_FIRST_PAUSE_SECONDS", 1.0)
    monkeypatch.setattr(writing, "_LONGEST_PAUSE_SECONDS", 7.0)
    write(
        Table(be_away, be_away, be_busy, lambda entries: list(entries[:1])), entry("1"), entry("2")
    )
    assert bounds == [2.0, 4.0, 7.0, 0.5]


def test_writer_connects_again(events: Events) -> None:
    """A table that cannot be reached at first is asked again."""
    table, failures = Table(), [OSError(), OSError()]

    def connect() -> Table:
        if failures:
            raise failures.pop()
        return table

    buffer = Buffer(10_000)
    buffer.put([entry("1")])
    buffer.close()
    TranscriptWriter(connect, buffer).run()
    assert set(table.entries) == {"1"}
    assert {event["reason"] for event in events("transcripts wait")} == {"OSError"}


def test_writer_looks_for_new_credentials() -> None:
    """Credentials that are refused lead to a new table, as often as it takes; others do not."""

    def refuse(_: Sequence[Entry]) -> list[Entry]:
        raise CredentialsRefused("ExpiredTokenException")

    tables = [Table(refuse), Table(be_away, refuse), Table()]
    waiting = list(tables)
    buffer = Buffer(10_000)
    buffer.put([entry("1")])
    buffer.close()
    TranscriptWriter(lambda: waiting.pop(0), buffer).run()
    assert [len(table.batches) for table in tables] == [1, 2, 1]
    assert set(tables[-1].entries) == {"1"}


def test_writer_finds_the_one_item_that_is_refused(events: Events) -> None:
    """An item that the table never takes is printed, and the others are written."""

    def refuse(entries: Sequence[Entry]) -> list[Entry]:
        if any(entry.key[1] == "bad" for entry in entries):
            raise ItemRefused("ValidationException")
        return []

    table = Table(*[refuse] * 20)
    others = [entry(str(number)) for number in range(10)]
    write(table, *others, entry("bad", text="kept here"))
    assert set(table.entries) == {str(number) for number in range(10)}
    (line,) = events("transcript not written")
    assert (line["reason"], line["of"]) == ("ValidationException", "conv_1/bad")
    assert json.loads(line["data"])["text"] == "kept here"


@pytest.mark.parametrize("trouble", [be_away, break_down])
def test_writer_lets_no_item_hold_others_up(
    trouble: Callable[[Sequence[Entry]], list[Entry]],
) -> None:
    """An item that fails every batch it is in is soon alone, and all others are written."""

    def fail(entries: Sequence[Entry]) -> list[Entry]:
        if any(entry.key[1] == "bad" for entry in entries):
            return trouble(entries)
        if len(table.entries) + len(entries) == 100:
            buffer.empty()
        return []

    table = Table(*[fail] * 1000)
    buffer = Buffer(1_000_000)
    buffer.put([entry("bad"), *(entry(str(number)) for number in range(100))])
    TranscriptWriter(lambda: table, buffer).run()
    assert set(table.entries) == {str(number) for number in range(100)}


def test_writer_in_a_hurry_makes_short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once told so it waits no longer than a moment for a table that is away."""
    pauses: list[float] = []
    monkeypatch.setattr("time.sleep", pauses.append)
    monkeypatch.setattr(writing, "_FIRST_PAUSE_SECONDS", 1000.0)
    monkeypatch.setattr(writing, "_LONGEST_PAUSE_SECONDS", 1000.0)
    buffer = Buffer(10_000)
    buffer.put([entry("1")])
    buffer.close()
    table = Table(be_away, be_away)
    writer = TranscriptWriter(lambda: table, buffer)
    writer.hurry()
    writer.run()
    assert len(pauses) == 2
    assert max(pauses) <= 0.3
