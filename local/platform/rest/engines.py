"""The engine resource over HTTP (https://elevenlabs.io/docs/api-reference/speech-engine)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from local.platform.engines import InvalidSettingsError
from local.platform.json_types import JsonObject
from local.platform.rest.access import SharedWorkspace, find_engine, require_api_key
from local.platform.rest.errors import invalid_request
from local.platform.rest.models import EngineCopy, EngineSettings, EngineUpdate, ListQuery

router = APIRouter(prefix="/v1/speech-engine", dependencies=[Depends(require_api_key)])


@router.post("", status_code=201)
async def create_engine(settings: EngineSettings, workspace: SharedWorkspace) -> JsonObject:
    """Create an engine."""
    try:
        return workspace.engines.create(settings).describe()
    except InvalidSettingsError as error:
        raise invalid_request(str(error)) from None


@router.get("")
async def list_engines(
    query: Annotated[ListQuery, Query()], workspace: SharedWorkspace
) -> JsonObject:
    """List engines page by page."""
    try:
        engines, next_cursor = workspace.engines.page(query)
    except InvalidSettingsError as error:
        raise invalid_request(str(error)) from None
    return {
        "speech_engines": [engine.summarize() for engine in engines],
        "next_cursor": next_cursor,
        "has_more": next_cursor is not None,
    }


@router.get("/{engine_id}")
async def get_engine(engine_id: str, workspace: SharedWorkspace) -> JsonObject:
    """Return one engine."""
    return find_engine(workspace, engine_id).describe()


@router.patch("/{engine_id}")
async def update_engine(
    engine_id: str, update: EngineUpdate, workspace: SharedWorkspace
) -> JsonObject:
    """Change what the body names, and return the whole engine."""
    find_engine(workspace, engine_id)
    try:
        changed = workspace.engines.update(engine_id, update.model_dump(exclude_unset=True))
    except InvalidSettingsError as error:
        raise invalid_request(str(error)) from None
    return changed.describe()


@router.delete("/{engine_id}")
async def delete_engine(engine_id: str, workspace: SharedWorkspace) -> JsonObject:
    """Delete an engine; conversations that are under way go on."""
    find_engine(workspace, engine_id)
    workspace.engines.delete(engine_id)
    return {}


@router.post("/{engine_id}/duplicate")
async def duplicate_engine(
    engine_id: str, workspace: SharedWorkspace, copy: EngineCopy | None = None
) -> JsonObject:
    """Copy an engine under a new id."""
    find_engine(workspace, engine_id)
    name = copy.name if copy else None
    return workspace.engines.duplicate(engine_id, name).describe()
