from __future__ import annotations

from typing import TYPE_CHECKING

from service.transcripts import buffer as buffering
from service.transcripts.buffer import Buffer
from service.transcripts.entries import Entry, encode

if TYPE_CHECKING:
    import pytest


def entry(name: str, **fields: str | int) -> Entry:
    return encode({"conversation": "conv_1", "item": name, **fields})


def test_buffer_keeps_entries_until_they_are_removed() -> None:
    """A batch has the oldest entries, and they stay, and count, until the table has them."""
    buffer = Buffer(10_000)
    entries = [entry(str(number)) for number in range(4)]
    assert buffer.put(entries) == []
    assert buffer.wait_for_batch(3) == entries[:3]
    assert buffer.size_bytes == sum(one.size_bytes for one in entries)
    buffer.remove(entries[:3])
    assert buffer.wait_for_batch(3) == entries[3:]
    buffer.remove(entries)
    assert (len(buffer), buffer.size_bytes) == (0, 0)


def test_buffer_refuses_what_finds_no_room() -> None:
    """The bound is in bytes and holds; what is refused comes back, and a smaller one may fit."""
    small, large = entry("small"), entry("large", text="x" * 5000)
    buffer = Buffer(small.size_bytes + 10)
    assert buffer.put([large, small]) == [large]
    assert buffer.put([entry("other")]) != []
    assert buffer.size_bytes == small.size_bytes


def test_buffer_keeps_the_newest_state_of_an_item() -> None:
    """A newer state takes the older one's place, also while that is on its way to the table."""
    buffer = Buffer(10_000)
    older, newer, other = entry("head"), entry("head", turns=2), entry("other")
    buffer.put([older, other])
    assert buffer.wait_for_batch(9) == [older, other]
    buffer.put([newer])
    buffer.remove([older, other])
    assert buffer.wait_for_batch(9) == [newer]
    assert buffer.size_bytes == newer.size_bytes


def test_buffer_lets_others_go_before_what_is_postponed() -> None:
    """Entries that the table did not take come after those that it was not asked to take."""
    buffer = Buffer(10_000)
    one, two, three = (entry(name) for name in "123")
    buffer.put([one, two, three])
    buffer.postpone([one, entry("gone")])
    assert buffer.wait_for_batch(9) == [two, three, one]


def test_buffer_bounds_a_batch_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch that would be too long for a request has fewer entries, but always one."""
    buffer = Buffer(100_000)
    large = [entry(str(number), text="x" * 1000) for number in range(3)]
    buffer.put(large)
    monkeypatch.setattr(buffering, "_MOST_BATCH_BYTES", 2 * large[0].size_bytes)
    assert buffer.wait_for_batch(9) == large[:2]
    monkeypatch.setattr(buffering, "_MOST_BATCH_BYTES", 1)
    assert buffer.wait_for_batch(9) == large[:1]


def test_buffer_once_emptied_takes_nothing_in() -> None:
    """All that was left is handed out once; then nobody waits, and what comes is refused."""
    buffer = Buffer(10_000)
    one, late = entry("1"), entry("late")
    buffer.put([one])
    assert buffer.empty() == [one]
    assert buffer.empty() == buffer.wait_for_batch(9) == []
    assert buffer.put([late]) == [late]
    buffer.remove([one])
    assert buffer.size_bytes == 0
