"""The items that a conversation lacks, made from ElevenLabs' own record of it. Pure.

They are redacted, or without words, as the settings say, stand where they belong between those that
are there, and are marked `source = platform`.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from cli.transcripts.alignment import Utterance, align
from cli.transcripts.changes import HEAD, PLATFORM, SOURCE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from cli.transcripts.platform_record import Record, Said
    from functions.transcripts.reader import Message

Item = dict[str, str | int]
_Place = tuple[int, int]

# Four digits: beyond them, keys would no longer sort as numbers do.
_LARGEST_INDEX = 9999
# As the server says of a text that it could not redact, and so left out.
_UNREDACTED = "failed"


class Redactor(Protocol):
    """Takes out of a text what must not be stored."""

    def redact(self, text: str) -> tuple[str, Iterable[str]]:
        """The text without it, and the kinds of what was in it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FillRules:
    """How items are made; without a redactor, words are stored as they are, or not at all."""

    expires_at: int
    keeps_text: bool
    redactor: Redactor | None
    shards: int
    about: Mapping[str, str]
    """What a new head says beside its times: `agent`, `environment`."""


@dataclass(frozen=True, slots=True)
class Filling:
    """The items that are missing, and how many messages have no place between others."""

    items: list[Item]
    messages: int
    unplaced: int


def plan_messages(record: Record, stored: Sequence[Message], rules: FillRules) -> Filling:
    """Find what of the record is not among the stored messages, and make items of it."""
    shown = [_redact(said, rules) for said in record.messages]
    told = [_describe(said, each) for said, each in zip(record.messages, shown, strict=True)]
    places = align(told, [_describe_stored(message) for message in stored])
    keys = [(message.event_id, message.index) for message in stored]
    items: list[Item] = []
    messages = unplaced = 0
    for run, low, high in _list_gaps(places, len(keys)):
        slots = _find_slots(keys, low, high, len(run))
        if slots is None:
            unplaced += len(run)
            continue
        messages += len(run)
        for number, slot in zip(run, slots, strict=True):
            items += _make_items(record, record.messages[number], shown[number], slot, rules)
    return Filling(items, messages, unplaced)


def plan_head(
    record: Record, stored: Mapping[str, str | int] | None, messages: int, rules: FillRules
) -> Item | None:
    """The head with its end, as the platform knows it; None if the end is there already."""
    from service.transcripts.items import format_time

    if stored and "ended_at" in stored:
        return None
    end: Item = {
        "ended_at": format_time(record.ended_at),
        "messages": messages,
        SOURCE: PLATFORM,
    }
    if stored:
        return {**stored, **end}
    started_at = format_time(record.began_at)
    shard = zlib.crc32(record.conversation_id.encode()) % rules.shards
    return {
        "conversation": record.conversation_id,
        "item": HEAD,
        "expires_at": rules.expires_at,
        "day_shard": f"{started_at[:10]}#{shard}",
        "started_at": started_at,
        **({"engine_id": record.engine_id} if record.engine_id else {}),
        **rules.about,
        **end,
    }


@dataclass(frozen=True, slots=True)
class _Shown:
    """A message's words as they may be stored."""

    text: str | None
    heard: str | None
    kinds: tuple[str, ...]


def _redact(said: Said, rules: FillRules) -> _Shown:
    from service.transcripts.texts import cut_at_redaction

    if not rules.keeps_text:
        return _Shown(None, None, ())
    text, kinds = _redact_text(said.text, rules.redactor)
    if said.heard is None:
        return _Shown(text, None, tuple(sorted(kinds)))
    heard, more = _redact_text(said.heard, rules.redactor)
    found = tuple(sorted({*kinds, *more}))
    if text is None or heard is None:
        return _Shown(text, None, found)
    return _Shown(text, cut_at_redaction(heard, text) if found else heard, found)


def _redact_text(text: str, redactor: Redactor | None) -> tuple[str | None, Iterable[str]]:
    from service.transcripts.texts import make_storable

    storable = make_storable(text)
    if redactor is None:
        return storable, ()
    try:
        return redactor.redact(storable)
    except Exception:  # noqa: BLE001 - whatever it is, it must not let a text out
        return None, (_UNREDACTED,)


def _describe(said: Said, shown: _Shown) -> Utterance:
    lengths = {len(text) for text in (said.text, said.heard) if text}
    texts = tuple(text for text in (shown.text, shown.heard) if text)
    return Utterance(said.role, texts, tuple(lengths), said.at)


def _describe_stored(message: Message) -> Utterance:
    texts = tuple(text for text in (message.text, message.heard) if text)
    # An answer that was never sent is not in the platform's record, and like nothing there.
    role = "" if message.characters == 0 else message.role
    lengths = (message.characters,) if message.characters else ()
    try:
        at = datetime.fromisoformat(message.at).timestamp()
    except ValueError:
        at = 0.0
    return Utterance(role, texts, lengths, at)


def _list_gaps(places: Sequence[int | None], stored: int) -> Iterator[tuple[list[int], int, int]]:
    """Runs of messages that are missing, each with the places of its neighbours among the stored.

    Before the first that is -1, behind the last the number of those stored.
    """
    run: list[int] = []
    low = -1
    for number, place in enumerate(places):
        if place is None:
            run.append(number)
            continue
        if run:
            yield run, low, place
        run, low = [], place
    if run:
        yield run, low, stored


def _find_slots(keys: Sequence[_Place], low: int, high: int, count: int) -> list[_Place] | None:
    """Free numbers between two stored messages, as late as there is room; None if there is none."""
    for before in range(high - 1, low - 1, -1):
        event_id, index = keys[before] if before >= 0 else (0, -1)
        last = index + count
        behind = keys[before + 1] if before + 1 < len(keys) else None
        has_room = behind is None or behind[0] > event_id or behind[1] > last
        if has_room and last <= _LARGEST_INDEX:
            return [(event_id, number) for number in range(index + 1, last + 1)]
    return None


def _make_items(
    record: Record, said: Said, shown: _Shown, slot: _Place, rules: FillRules
) -> list[Item]:
    """One message's item, and those of the parts that its text is too long for."""
    from service.transcripts.items import MOST_TEXT_BYTES, format_time
    from service.transcripts.texts import split_text

    event_id, index = slot
    pieces = [] if shown.text is None else split_text(shown.text, MOST_TEXT_BYTES)
    key = f"message#{event_id:012d}#{index:04d}"
    common: Item = {"conversation": record.conversation_id, "expires_at": rules.expires_at}
    first: Item = {
        **common,
        "item": key,
        "event_id": event_id,
        "role": said.role,
        "at": format_time(said.at),
        "characters": len(said.text),
        SOURCE: PLATFORM,
    }
    if pieces:
        first["text"] = pieces[0]
    if len(pieces) > 1:
        first["parts"] = len(pieces)
    if shown.kinds:
        first["redacted"] = ",".join(shown.kinds)
    if said.role == "agent":
        first["outcome"] = "complete" if said.heard is None else "interrupted"
    if shown.heard is not None:
        first["heard"] = split_text(shown.heard, MOST_TEXT_BYTES)[0]
    further = (
        {**common, "item": f"{key}#part#{number:04d}", "text": piece, SOURCE: PLATFORM}
        for number, piece in enumerate(pieces[1:], 2)
    )
    return [first, *further]
