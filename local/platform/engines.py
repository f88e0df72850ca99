"""The engines of the workspace: kept in memory, merged, listed, copied. Knows nothing of HTTP."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from local.platform.clock import Clock
from local.platform.json_types import JsonObject
from local.platform.rest.models import EngineSettings, ListQuery
from local.platform.scripts import Script

_ACCESS_INFO = {
    "is_creator": True,
    "creator_name": "Local Developer",
    "creator_email": "developer@example.com",
    "role": "admin",
}
_WEEK_SECONDS = 7 * 24 * 3600


class InvalidSettingsError(ValueError):
    """Settings that are each valid and cannot go together."""


@dataclass
class Engine:
    """One engine: its settings, its times, and how its conversations will go."""

    id: str
    settings: EngineSettings
    created_at: float
    updated_at: float
    script: Script | None = None
    call_times: list[float] = field(default_factory=list)

    def describe(self) -> JsonObject:
        """Return the full resource, every block with its defaults."""
        return {
            "speech_engine_id": self.id,
            **self.settings.model_dump(mode="json"),
            "metadata": {
                "created_at_unix_secs": int(self.created_at),
                "updated_at_unix_secs": int(self.updated_at),
                "created_from": "api",
                "last_updated_from": "api",
            },
            "access_info": _ACCESS_INFO,
        }

    def summarize(self) -> JsonObject:
        """Return the item that stands for the engine in a list."""
        return {
            "speech_engine_id": self.id,
            "name": self.settings.name,
            "voice_id": self.settings.tts.voice_id,
            "created_at_unix_secs": int(self.created_at),
            "updated_at_unix_secs": int(self.updated_at),
            "tags": self.settings.tags,
            "access_info": _ACCESS_INFO,
        }


class EngineStore:
    """All engines by id."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._engines: dict[str, Engine] = {}

    def create(
        self,
        settings: EngineSettings,
        *,
        engine_id: str | None = None,
        script: Script | None = None,
    ) -> Engine:
        """Keep a new engine. Raises `InvalidSettingsError`."""
        _check(settings)
        now = self._clock.time()
        engine = Engine(engine_id or f"seng_{secrets.token_hex(13)}", settings, now, now, script)
        self._engines[engine.id] = engine
        return engine

    def get(self, engine_id: str) -> Engine:
        """Return an engine by its `seng_…` id or the same one as `agent_…`; else `KeyError`."""
        if engine_id.startswith("agent_"):
            engine_id = "seng_" + engine_id.removeprefix("agent_")
        return self._engines[engine_id]

    def update(self, engine_id: str, changes: Mapping[str, Any]) -> Engine:
        """Merge `changes` into an engine, block by block; a null brings a default back."""
        engine = self.get(engine_id)
        merged = merge_settings(engine.settings.model_dump(exclude_unset=True), changes)
        settings = EngineSettings.model_validate(merged)
        _check(settings)
        engine.settings = settings
        engine.updated_at = self._clock.time()
        return engine

    def delete(self, engine_id: str) -> None:
        """Forget an engine."""
        del self._engines[self.get(engine_id).id]

    def duplicate(self, engine_id: str, name: str | None = None) -> Engine:
        """Keep a copy of an engine under a new id."""
        source = self.get(engine_id)
        settings = source.settings.model_copy(deep=True)
        if name is not None:
            settings = EngineSettings.model_validate(
                {**settings.model_dump(exclude_unset=True), "name": name}
            )
        return self.create(settings, script=source.script)

    def page(self, query: ListQuery) -> tuple[list[Engine], str | None]:
        """Return one page of the engines that match, and the cursor of the next if there is one."""
        found = [e for e in self._engines.values() if _matches(e, query.search)]
        found.sort(key=self._sort_key(query.sort_by), reverse=query.sort_direction == "desc")
        start = _read_cursor(query.cursor)
        end = start + query.page_size
        return found[start:end], _write_cursor(end) if end < len(found) else None

    def _sort_key(self, sort_by: str) -> Callable[[Engine], Any]:
        recent = self._clock.time() - _WEEK_SECONDS
        keys: dict[str, Callable[[Engine], Any]] = {
            "name": lambda engine: engine.settings.name.lower(),
            "created_at": lambda engine: engine.created_at,
            "call_count_7d": lambda engine: sum(t >= recent for t in engine.call_times),
        }
        return keys[sort_by]


def merge_settings(settings: JsonObject, changes: Mapping[str, Any]) -> JsonObject:
    """Return `settings` with the fields of each changed block replaced; null means default."""
    merged = dict(settings)
    for key, value in changes.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, Mapping):
            block = {**merged.get(key, {}), **value}
            merged[key] = {k: v for k, v in block.items() if v is not None}
        else:
            merged[key] = value
    return merged


def _check(settings: EngineSettings) -> None:
    # The platform answers 400, not 422: English voices are served by the other models.
    if settings.language == "en" and settings.tts.model_id.endswith("_v2_5"):
        raise InvalidSettingsError(
            f"An English engine cannot use {settings.tts.model_id}; choose a model without _v2_5"
        )


def _matches(engine: Engine, search: str | None) -> bool:
    return not search or search.lower() in engine.settings.name.lower()


def _write_cursor(offset: int) -> str:
    return base64.urlsafe_b64encode(str(offset).encode()).decode()


def _read_cursor(cursor: str | None) -> int:
    if not cursor:
        return 0
    try:
        return max(0, int(base64.urlsafe_b64decode(cursor)))
    except ValueError as error:
        raise InvalidSettingsError("The cursor is not valid") from error
