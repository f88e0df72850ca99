from __future__ import annotations

import hashlib
import json
import random
from typing import Any

import pytest

from cli.transcripts.fragments import Joiner, Malformed
from tests.cli.transcripts.printed import print_lines
from tests.fakes.transcript_items import make_head, make_message

LONG = make_message("conv_a", 1, 0, "Grüße" * 9000)


def parts_of(*items: dict[str, Any]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in print_lines(items)]


def fields_of(text: str, of: str = "conv/head", **more: Any) -> dict[str, Any]:
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    return {"of": of, "part": 1, "parts": 1, "digest": digest, "data": text, **more}


@pytest.mark.parametrize("seed", range(5))
def test_parts_are_joined_in_any_order(seed: int) -> None:
    """However the lines of several items are mixed and repeated, each item comes once, whole."""
    items = [LONG, make_head("conv_a"), make_head("conv_a", ended_at="2026-11-21T10:00:00.000Z")]
    parts = parts_of(*items)
    assert len(parts) > 5
    parts += parts[:4]
    random.Random(seed).shuffle(parts)
    joiner = Joiner()
    joined = [item for part in parts if (item := joiner.add(part)) is not None]
    assert sorted(map(json.dumps, joined)) == sorted(map(json.dumps, items))
    assert joiner.list_unfinished() == []


def test_missing_parts_are_told() -> None:
    """An item without all of its parts is named, with how many there are."""
    parts = parts_of(LONG)
    joiner = Joiner()
    for part in parts[1:]:
        assert joiner.add(part) is None
    have = f"{len(parts) - 1} of {len(parts)} parts are in the log"
    assert joiner.list_unfinished() == [f"conv_a/message#000000000001#0000: {have}"]


GOOD = json.dumps(make_head("conv"))


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, "of is missing"),
        (fields_of(GOOD, data=7), "data is missing"),
        (fields_of(GOOD, part=True), "part is missing"),
        (fields_of(GOOD, part=2), "part numbers can't be"),
        (fields_of(GOOD, parts=10**9), "parts is missing"),
        (fields_of(GOOD, digest="0" * 16), "the line was changed, or cut"),
        (fields_of(GOOD, digest="no"), "digest or part numbers can't be"),
        (fields_of(GOOD, of="other/head"), "has another key"),
        (fields_of("{"), "is no JSON"),
        (fields_of("[" * 50_000), "is no JSON"),
        (fields_of("[1]"), "is no item"),
        (fields_of('{"conversation": "conv", "item": "head", "x": null}'), "is no item"),
        (fields_of('{"conversation": "conv", "item": "head"}'), "has no expires_at"),
        (fields_of('{"conversation": "conv", "item": "x"}', "conv/x"), "none that the log has"),
    ],
)
def test_what_can_be_no_item_is_refused(fields: dict[str, Any], told: str) -> None:
    """Whatever is wrong with a line is told in words that quote no transcript."""
    with pytest.raises(Malformed, match=told):
        Joiner().add(fields)


def test_contradicting_parts_are_refused() -> None:
    """A second part of the same number with other data is not taken for the first."""
    first, *_ = parts_of(LONG)
    joiner = Joiner()
    joiner.add(first)
    with pytest.raises(Malformed, match="contradicts an earlier part"):
        joiner.add({**first, "data": "x"})
