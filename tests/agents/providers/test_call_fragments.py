from __future__ import annotations

from typing import Any

import pytest

from agents.prompt import ToolCall
from agents.providers.call_fragments import CallFragments


def join(*fragments: dict[str, Any]) -> list[ToolCall]:
    calls = CallFragments()
    for fragment in fragments:
        calls.add(fragment)
    return calls.join()


def fragment(
    arguments: object, *, name: str | None = None, **place: int | str | None
) -> dict[str, Any]:
    return {**place, "function": {"name": name, "arguments": arguments}}


def test_fragments_are_joined_by_index() -> None:
    """Fragments of two calls may come in any mixture: the index tells whose they are."""
    assert join(
        fragment("", name="weather", index=0, id="a"),
        fragment("", name="time", index=1, id="b"),
        fragment('{"x"', index=0),
        fragment("[]", index=1),
        fragment(": 1}", index=0),
    ) == [ToolCall("a", "weather", '{"x": 1}'), ToolCall("b", "time", "[]")]


def test_fragments_of_whole_calls_need_no_index() -> None:
    """Calls that come whole, without any index, are kept apart."""
    assert join(
        fragment("{}", name="weather", id="a"), fragment('{"x": 1}', name="weather", id="b")
    ) == [ToolCall("a", "weather", "{}"), ToolCall("b", "weather", '{"x": 1}')]


def test_fragments_of_whole_calls_may_share_an_index() -> None:
    """Calls that all claim to be the first are kept apart by their ids."""
    assert join(
        fragment("{}", name="weather", index=0, id="a"),
        fragment("{}", name="time", index=0, id="b"),
    ) == [ToolCall("a", "weather", "{}"), ToolCall("b", "time", "{}")]


def test_fragments_without_ids_get_one_for_each_call() -> None:
    """Calls without ids are kept apart when whole, and get ids by which results find them."""
    first, second = join(
        fragment("{}", name="weather", index=0), fragment("{}", name="weather", index=0)
    )
    assert first.id
    assert first.id != second.id


def test_fragments_that_repeat_the_name_continue_their_call() -> None:
    """A name in each fragment begins no new call, with the same id or with none."""
    for call_id in ("a", None):
        [call] = join(
            fragment('{"x"', name="weather", index=0, id=call_id),
            fragment(": 1}", name="weather", index=0, id=call_id),
        )
        assert call.arguments == '{"x": 1}'


def test_fragments_without_index_continue_the_last_call() -> None:
    """An index that only the first fragment has is no loss."""
    [call] = join(fragment("[", name="weather", index=0, id="a"), fragment("]"))
    assert call == ToolCall("a", "weather", "[]")


@pytest.mark.parametrize(
    ("arguments", "text"), [({"x": 1}, '{"x": 1}'), (None, "{}"), ("", "{}"), ({}, "{}")]
)
def test_fragments_give_arguments_as_json(arguments: object, text: str) -> None:
    """Arguments that are an object, or nothing at all, become JSON text."""
    [call] = join(fragment(arguments, name="weather", index=0, id="a"))
    assert call.arguments == text


def test_fragments_of_no_call_are_an_error() -> None:
    """A fragment before any call's name belongs to nothing."""
    with pytest.raises(LookupError):
        join(fragment("{}", index=0))


def test_fragments_are_true_once_there_is_a_call() -> None:
    """Whether anything was called can be asked before the answer ends."""
    calls = CallFragments()
    assert not calls
    calls.add(fragment("", name="weather"))
    assert calls
