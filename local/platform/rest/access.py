"""Who may call: the API key check and the look-up of engines, as FastAPI dependencies."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Header, Request

from local.platform.engines import Engine
from local.platform.rest.errors import invalid_key, missing_key, not_found
from local.platform.workspace import Workspace

ApiKeyHeader = Annotated[str | None, Header(alias="xi-api-key")]


def get_workspace(request: Request) -> Workspace:
    """Return the workspace that the application serves."""
    workspace: Workspace = request.app.state.workspace
    return workspace


SharedWorkspace = Annotated[Workspace, Depends(get_workspace)]


def require_api_key(workspace: SharedWorkspace, api_key: ApiKeyHeader = None) -> None:
    """Answer 401 unless the request carries the workspace's key."""
    if not api_key:
        raise missing_key()
    if not workspace.credentials.accepts_api_key(api_key):
        raise invalid_key()


def find_engine(workspace: Workspace, engine_id: str) -> Engine:
    """Return an engine or answer 404."""
    try:
        return workspace.engines.get(engine_id)
    except KeyError:
        raise not_found("speech_engine", engine_id) from None
