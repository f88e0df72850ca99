from __future__ import annotations

import pytest

from local.platform.clock import JumpingClock
from local.platform.engines import Engine, EngineStore, InvalidSettingsError, merge_settings
from local.platform.rest.models import EngineSettings, ListQuery

WS_URL = {"ws_url": "wss://example.com/ws"}


def settings(name: str = "Speech Engine") -> EngineSettings:
    return EngineSettings.model_validate({"speech_engine": WS_URL, "name": name})


async def store_of(*names: str) -> tuple[EngineStore, JumpingClock]:
    clock = JumpingClock()
    store = EngineStore(clock)
    for name in names:
        store.create(settings(name))
        await clock.advance(1)
    return store, clock


def names(page: tuple[list[Engine], str | None]) -> list[str]:
    return [engine.settings.name for engine in page[0]]


def test_merge_replaces_fields_of_a_block_and_keeps_the_others() -> None:
    """A changed block keeps the fields that the change leaves out."""
    merged = merge_settings(
        {"tts": {"speed": 1.1, "stability": 0.2}, "name": "a"}, {"tts": {"speed": 0.9}}
    )
    assert merged == {"tts": {"speed": 0.9, "stability": 0.2}, "name": "a"}


def test_merge_takes_a_null_for_the_default() -> None:
    """A null drops what was set, of a whole block or of one field."""
    merged = merge_settings(
        {"tts": {"speed": 1.1}, "turn": {"initial_wait_time": 2}},
        {"tts": None, "turn": {"initial_wait_time": None}},
    )
    assert merged == {"turn": {}}


def test_merge_replaces_request_headers_as_a_whole() -> None:
    """A header that is left out of an update is gone: the map is one field."""
    merged = merge_settings(
        {"speech_engine": {**WS_URL, "request_headers": {"a": "1", "b": "2"}}},
        {"speech_engine": {**WS_URL, "request_headers": {"b": "3"}}},
    )
    assert merged["speech_engine"]["request_headers"] == {"b": "3"}


async def test_store_finds_an_engine_by_either_kind_of_id() -> None:
    """`agent_…` and `seng_…` name the same resource."""
    store, _ = await store_of("one")
    engine = store.page(ListQuery())[0][0]
    assert store.get(engine.id.replace("seng_", "agent_")) is engine


async def test_store_sorts_by_creation_newest_first_by_default() -> None:
    """Without a wish the newest engine comes first."""
    store, _ = await store_of("b", "a", "c")
    assert names(store.page(ListQuery())) == ["c", "a", "b"]


async def test_store_sorts_by_name_in_either_direction() -> None:
    """Names sort without regard to case."""
    store, _ = await store_of("b", "A", "c")
    assert names(store.page(ListQuery(sort_by="name", sort_direction="asc"))) == ["A", "b", "c"]
    assert names(store.page(ListQuery(sort_by="name"))) == ["c", "b", "A"]


async def test_store_sorts_by_the_calls_of_the_last_week() -> None:
    """Calls that are older than seven days do not count."""
    store, clock = await store_of("old", "new")
    new, old = store.page(ListQuery())[0]
    old.call_times += [clock.time()] * 3
    await clock.advance(8 * 24 * 3600)
    new.call_times.append(clock.time())
    assert names(store.page(ListQuery(sort_by="call_count_7d"))) == ["new", "old"]


async def test_store_pages_until_nothing_is_left() -> None:
    """Following the cursors yields every engine once."""
    store, _ = await store_of("1", "2", "3", "4", "5")
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = store.page(ListQuery(page_size=2, cursor=cursor, sort_direction="asc"))
        seen += names(page)
        cursor = page[1]
        if cursor is None:
            break
    assert seen == ["1", "2", "3", "4", "5"]


async def test_store_searches_names() -> None:
    """The search term may stand anywhere in the name, in any case."""
    store, _ = await store_of("Support line", "Sales")
    assert names(store.page(ListQuery(search="PORT"))) == ["Support line"]


def test_store_refuses_a_foreign_cursor() -> None:
    """A cursor that no list has given is an error of the caller."""
    with pytest.raises(InvalidSettingsError, match="cursor"):
        EngineStore(JumpingClock()).page(ListQuery(cursor="???"))


async def test_store_moves_the_update_time_only() -> None:
    """An update keeps the creation time and notes its own."""
    store, clock = await store_of("one")
    engine = store.page(ListQuery())[0][0]
    created_at = engine.created_at
    await clock.advance(100)
    store.update(engine.id, {"name": "two"})
    assert (engine.created_at, engine.updated_at) == (created_at, clock.time())


async def test_store_leaves_an_engine_alone_when_an_update_is_refused() -> None:
    """A change that breaks a rule between settings changes nothing."""
    store, _ = await store_of("one")
    engine = store.page(ListQuery())[0][0]
    with pytest.raises(InvalidSettingsError, match="English"):
        store.update(engine.id, {"name": "x", "tts": {"model_id": "eleven_turbo_v2_5"}})
    assert engine.settings.name == "one"
    assert engine.settings.tts.model_id == "eleven_flash_v2"


async def test_store_duplicates_deeply() -> None:
    """Changing a copy leaves the source as it was."""
    store, _ = await store_of("one")
    source = store.page(ListQuery())[0][0]
    copy = store.duplicate(source.id)
    store.update(copy.id, {"name": "two", "tags": ["x"]})
    assert copy.id != source.id
    assert (source.settings.name, source.settings.tags) == ("one", [])
