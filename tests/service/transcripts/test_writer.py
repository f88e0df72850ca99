from __future__ import annotations

import json
import logging
import queue
import threading
from typing import TYPE_CHECKING, Any

import pytest

from service.logs import JsonFormatter
from service.transcripts import writer as writing
from service.transcripts.table import MOST_ITEMS, ItemRefused, TableUnavailable
from service.transcripts.writer import TranscriptWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from service.transcripts.items import Item

ENOUGH_SECONDS = 10.0


def item(name: str, **fields: str | int) -> Item:
    return {"conversation": "conv_1", "item": name, **fields}


class TakenQueue(queue.SimpleQueue[Any]):
    """Looks as it did a moment ago, before the writer's thread took what was in it."""

    def empty(self) -> bool:
        return False


class Table:
    """Keeps what is written, after doing first what it was told to do at each call."""

    def __init__(self, *first: Callable[[Sequence[Item]], list[Item]]) -> None:
        self.first = list(first)
        self.batches: list[list[Item]] = []
        self.items: dict[object, Item] = {}

    def write(self, items: Sequence[Item]) -> list[Item]:
        self.batches.append(list(items))
        left = self.first.pop(0)(items) if self.first else []
        assert len({item["item"] for item in items}) == len(items), "a key is there twice"
        self.items.update({item["item"]: item for item in items if item not in left})
        return left


def be_away(_: Sequence[Item]) -> list[Item]:
    raise TableUnavailable("ThrottlingException")


def break_down(_: Sequence[Item]) -> list[Item]:
    raise RuntimeError("what the user said")


@pytest.fixture(autouse=True)
def _no_long_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "_FIRST_PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(writing, "_LONGEST_LAST_PAUSE_SECONDS", 0.001)


@pytest.fixture
def events(caplog: pytest.LogCaptureFixture) -> Callable[[str], list[dict[str, Any]]]:
    """The log's lines of one event."""
    caplog.set_level(logging.INFO)

    def find(name: str) -> list[dict[str, Any]]:
        lines = [json.loads(JsonFormatter().format(record)) for record in caplog.records]
        return [line for line in lines if line["event"] == name]

    return find


def test_writer_writes_everything_before_it_closes() -> None:
    """Whatever was put before the close is in the table after it, in batches the table can take."""
    table = Table()
    writer = TranscriptWriter(lambda: table)
    writer.start()
    for number in range(60):
        writer.put(item(f"{number}a"), item(f"{number}b"))
    writer.close(ENOUGH_SECONDS)
    assert len(table.items) == 120
    assert max(len(batch) for batch in table.batches) <= MOST_ITEMS


def test_writer_sends_the_newest_state_of_an_item() -> None:
    """Of two states of one item in the queue only the newer one is sent."""
    table = Table()
    writer = TranscriptWriter(lambda: table)
    writer.put(item("head"), item("message"))
    writer.put(item("head", turns=2))
    writer.start()
    writer.close(ENOUGH_SECONDS)
    assert table.items["head"] == item("head", turns=2)
    assert len(table.batches) == 1


@pytest.mark.parametrize("trouble", [lambda items: list(items[1:]), be_away, break_down])
def test_writer_tries_again(
    trouble: Callable[[Sequence[Item]], list[Item]],
    events: Callable[[str], list[dict[str, Any]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What the table did not take is written after a pause, whatever the reason; no text leaks."""
    table = Table(trouble, trouble)
    writer = TranscriptWriter(lambda: table)
    pauses: list[int] = []
    monkeypatch.setattr(writer, "_pause", lambda: pauses.append(writer._failures))
    writer.start()
    writer.put(item("1"), item("2"), item("3", text="said"))
    writer.close(ENOUGH_SECONDS)
    assert set(table.items) == {"1", "2", "3"}
    assert pauses == [1, 2]
    assert events("transcript not written") == []
    assert "said" not in json.dumps(events("transcripts wait"))


def test_writer_connects_again(events: Callable[[str], list[dict[str, Any]]]) -> None:
    """A table that cannot be reached at first is asked again."""
    table, failures = Table(), [OSError(), OSError()]

    def connect() -> Table:
        if failures:
            raise failures.pop()
        return table

    writer = TranscriptWriter(connect)
    writer.start()
    writer.put(item("1"))
    writer.close(ENOUGH_SECONDS)
    assert set(table.items) == {"1"}
    assert {event["reason"] for event in events("transcripts wait")} <= {"OSError"}


def test_writer_finds_the_one_item_that_is_refused(
    events: Callable[[str], list[dict[str, Any]]],
) -> None:
    """An item that the table never takes goes to the log whole, and the others are written."""

    def refuse(items: Sequence[Item]) -> list[Item]:
        if any(item["item"] == "bad" for item in items):
            raise ItemRefused("ValidationException")
        return []

    table = Table(*[refuse] * 20)
    writer = TranscriptWriter(lambda: table)
    writer.put(*[item(str(number)) for number in range(10)], item("bad", text="kept here"))
    writer.start()
    writer.close(ENOUGH_SECONDS)
    assert set(table.items) == {str(number) for number in range(10)}
    (line,) = events("transcript not written")
    assert line["reason"] == "ValidationException"
    assert line["item"] == item("bad", text="kept here")


def test_writer_logs_what_finds_no_room(events: Callable[[str], list[dict[str, Any]]]) -> None:
    """With the queue full an item goes to the log at once; nothing waits and nothing fails."""
    table = Table()
    writer = TranscriptWriter(lambda: table, most_waiting=2)
    for number in range(3):
        writer.put(item(str(number), text="said"))
    (line,) = events("transcript not written")
    assert (line["reason"], line["item"]) == ("queue full", item("2", text="said"))
    writer.start()
    writer.close(ENOUGH_SECONDS)
    assert set(table.items) == {"0", "1"}


def test_writer_logs_what_it_has_no_time_for(
    events: Callable[[str], list[dict[str, Any]]],
) -> None:
    """A table that hangs holds the close up for its limit only, and everything is in the log."""
    release = threading.Event()

    def hang(_: Sequence[Item]) -> list[Item]:
        release.wait(ENOUGH_SECONDS)
        return []

    table = Table(hang)
    writer = TranscriptWriter(lambda: table)
    writer.start()
    for number in range(40):
        writer.put(item(str(number)))
    writer.close(0.05)
    writer.put(item("late"))
    release.set()
    lines = events("transcript not written")
    assert {line["item"]["item"] for line in lines} == {*map(str, range(40)), "late"}
    assert {line["reason"] for line in lines} == {"no time left", "closed"}


def test_writer_that_never_started_loses_nothing(
    events: Callable[[str], list[dict[str, Any]]],
) -> None:
    """Items put into a writer without a thread are in the log after its close."""
    writer = TranscriptWriter(Table)
    writer.put(item("1"))
    writer.close(0)
    writer.close(0)
    assert [line["item"] for line in events("transcript not written")] == [item("1")]


@pytest.mark.timeout(5)
def test_writer_close_waits_for_no_item_that_its_thread_has_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A close past its limit ends, though the queue is emptied while it looks."""
    writer = TranscriptWriter(Table)
    monkeypatch.setattr(writer, "_queue", TakenQueue())
    writer.close(0)
