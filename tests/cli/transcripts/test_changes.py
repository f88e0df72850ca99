from __future__ import annotations

import itertools
from typing import Any

import pytest

from cli.errors import CommandError
from cli.transcripts.changes import delete_keys, put_if_absent, put_unless_newer
from functions.transcripts.reader import ItemKey
from functions.transcripts.records import decode
from tests.fakes.dynamo import TABLE
from tests.fakes.transcript_items import make_head, make_message

END: dict[str, Any] = {
    "ended_at": "2026-11-21T09:05:00.000Z",
    "ending": "closed",
    "turns": 2,
    "messages": 4,
}
FORMS = {
    "heads": (
        make_head("conv", ended_at="2026-11-21T09:06:00.000Z", source="platform"),
        make_head("conv"),
        make_head("conv", **END),
    ),
    "answers": (
        make_message("conv", 1, 0, "Hello", role="agent", source="platform", heard="H"),
        make_message("conv", 1, 0, "Hello", role="agent", chunks=2),
        make_message("conv", 1, 0, "Hello", role="agent", chunks=2, heard="Hel"),
    ),
}


def read(client: Any, item: dict[str, Any]) -> dict[str, Any]:
    key = {name: {"S": item[name]} for name in ("conversation", "item")}
    return decode(client.get_item(TableName=TABLE, Key=key)["Item"])


def remove(client: Any, item: dict[str, Any]) -> None:
    key = {name: {"S": item[name]} for name in ("conversation", "item")}
    client.delete_item(TableName=TABLE, Key=key)


@pytest.mark.parametrize("forms", list(FORMS))
def test_the_newest_form_stays_whatever_the_order(client: Any, forms: str) -> None:
    """Restored in any order, twice or not, the server's last word on an item is what remains."""
    newest = FORMS[forms][-1]
    for order in itertools.permutations(FORMS[forms]):
        for item in (*order, *order):
            put_unless_newer(client, TABLE, item)
        assert read(client, newest) == newest
        assert not put_unless_newer(client, TABLE, newest)
        remove(client, newest)


def test_a_start_does_not_undo_an_end(client: Any) -> None:
    """A head that knows no end never takes the place of one that does, whoever knew it."""
    known, start, _ = FORMS["heads"]
    assert put_unless_newer(client, TABLE, known)
    assert not put_unless_newer(client, TABLE, start)
    assert read(client, known) == known
    remove(client, known)


def test_what_is_there_is_left_alone(client: Any) -> None:
    """An item is put only where there is none, or none with the attribute in question."""
    start, ended = make_head("conv"), make_head("conv", **END)
    assert put_if_absent(client, TABLE, start)
    assert not put_if_absent(client, TABLE, ended)
    assert put_if_absent(client, TABLE, ended, "ended_at")
    assert not put_if_absent(client, TABLE, start, "ended_at")
    assert read(client, ended) == ended
    remove(client, ended)


class Busy:
    """A table that leaves some of each batch undone, `fruitless` times all of it."""

    def __init__(self, fruitless: int = 0) -> None:
        self.deleted: list[str] = []
        self._fruitless = fruitless

    def batch_write_item(self, RequestItems: dict[str, Any]) -> Any:  # noqa: N803
        ((table, requests),) = RequestItems.items()
        assert 1 <= len(requests) <= 25
        done = 0 if self._fruitless else (len(requests) + 1) // 2
        self._fruitless = max(0, self._fruitless - 1)
        self.deleted += [each["DeleteRequest"]["Key"]["item"]["S"] for each in requests[:done]]
        left = requests[done:]
        return {"UnprocessedItems": {table: left} if left else {}}


KEYS = [ItemKey("conv", item) for item in ("head", *(f"message#{n:04d}" for n in range(60)))]


def test_delete_repeats_what_was_left_undone() -> None:
    """Every key is deleted once, with pauses that stay short, and the head comes last."""
    table, pauses = Busy(fruitless=3), list[float]()
    assert delete_keys(table, "any", KEYS, pauses.append) == len(KEYS)
    assert sorted(table.deleted) == sorted(key.item for key in KEYS)
    assert table.deleted[-1] == "head"
    assert max(pauses) <= 5


def test_delete_gives_up_on_a_table_that_never_answers() -> None:
    """After some tries in vain the user is told how far it came."""
    with pytest.raises(CommandError, match=r"too busy: 0 of 61 items are deleted; delete again"):
        delete_keys(Busy(fruitless=10**6), "any", KEYS, lambda _: None)
