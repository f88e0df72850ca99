"""The engine function: its settings, its secrets, and what each request of CloudFormation means.

Environment: ELEVENLABS_URL, ELEVENLABS_API_KEY_SECRET and HEADER_SECRET (ARNs). Properties: Engine
(JSON text), WsUrl, HeaderName, IdHeader, OnKeyRefused (fail or orphan), and optionally Environment,
whose name appears in advice. The physical id and the attribute EngineId are the engine's id.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from functions.custom_resource.failure import Failure
from functions.custom_resource.lifecycle import Resource, answer
from functions.custom_resource.secret import NoValue, open_secrets, read_secret, say_what_to_type
from functions.engine.api import EngineApi
from functions.engine.body import EngineSpec, read_settings, read_spec, tag_of
from functions.engine.refusals import KeyRefused, Refused, Unavailable
from functions.engine.resource import EngineResource, names_engine

if TYPE_CHECKING:
    from functions.custom_resource.deadline import Deadline
    from functions.custom_resource.lifecycle import Context
    from functions.custom_resource.request import Request

_CLEAN_UP_SECONDS = 40.0
_NOT_CREATED = "not-created-"  # before anything was asked of the platform
_LOCAL_PROPERTIES = frozenset({"OnKeyRefused", "Environment"})

_log = logging.getLogger(__name__)


def handler(event: Mapping[str, Any], context: Context) -> None:
    """Lambda's entry point."""
    answer(event, context, act)


def act(request: Request, deadline: Deadline) -> Resource:
    """Fulfil one request. Raises Failure."""
    try:
        if request.kind == "Delete":
            return _delete(request, deadline)
        return _provide(request, deadline)
    except (Refused, Unavailable) as problem:
        raise Failure(str(problem)) from None


def _provide(request: Request, deadline: Deadline) -> Resource:
    engine_id = request.physical_id or ""
    if request.kind == "Update" and names_engine(engine_id):
        # With a refused key this is how the switch for deleting gets set at all.
        if _pick_remote(request.properties) != _pick_remote(request.old_properties):
            engine_id = _update(request, deadline, engine_id)
    else:
        engine_id = _create(request, deadline)
    return Resource(engine_id, {"EngineId": engine_id})


def _pick_remote(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in properties.items() if name not in _LOCAL_PROPERTIES}


def _create(request: Request, deadline: Deadline) -> str:
    try:
        spec = read_spec(request, _read_header_secret())
        engine = _open(request, deadline, spec)
        found = engine.find()
    except (Failure, Refused, Unavailable) as problem:
        stand_in = request.physical_id or f"{_NOT_CREATED}{request.logical_id}"
        raise Failure(_advise(problem, request), physical_id=stand_in) from None
    return engine.create(spec, found)


def _update(request: Request, deadline: Deadline, engine_id: str) -> str:
    try:
        spec = read_spec(request, _read_header_secret())
        engine = _open(request, deadline, spec)
        return engine.update(engine_id, spec, _read_old_settings(request))
    except (NoValue, KeyRefused) as problem:
        raise Failure(_advise(problem, request)) from None


def _read_old_settings(request: Request) -> dict[str, Any]:
    try:
        return read_settings(request.old_properties)
    except Failure:
        return {}  # a rollback from properties that were refused


def _delete(request: Request, deadline: Deadline) -> Resource:
    physical_id = request.physical_id or ""
    try:
        _open(request, deadline).delete(physical_id)
    except (NoValue, KeyRefused) as problem:
        _let_go(request, problem)
    return Resource(physical_id)


def _let_go(request: Request, problem: Exception) -> None:
    """Leave behind what can't be deleted without a key, where that is allowed; else Failure."""
    physical_id = request.physical_id or ""
    if physical_id.startswith(_NOT_CREATED):
        _log.info("nothing was created, so a refused key is no obstacle: %s", problem)
        return
    if request.properties.get("OnKeyRefused") == "orphan":
        _log.warning(
            "engine %s is orphaned at ElevenLabs, delete it there: %s", physical_id, problem
        )
        return
    raise Failure(
        f"{problem}. So engine {physical_id} is not deleted. Give the secret a valid key and delete"
        ' again; or leave the engine behind: set engine.on_key_refused = "orphan" in the'
        " environment's file, which sets the property OnKeyRefused=orphan, deploy and delete again"
    )


def _advise(problem: Exception, request: Request) -> str:
    if not isinstance(problem, NoValue | KeyRefused):
        return str(problem)
    environment = request.properties.get("Environment")
    return f"{problem}. {say_what_to_type(os.environ['ELEVENLABS_API_KEY_SECRET'], environment)}"


def _read_header_secret() -> str:
    return read_secret(open_secrets(), os.environ["HEADER_SECRET"])


def _open(request: Request, deadline: Deadline, spec: EngineSpec | None = None) -> EngineResource:
    api_key = read_secret(open_secrets(), os.environ["ELEVENLABS_API_KEY_SECRET"])
    hidden = (spec.header_secret,) if spec else ()
    url = os.environ["ELEVENLABS_URL"]
    work = deadline.before(min(_CLEAN_UP_SECONDS, deadline.remaining_seconds / 4))
    api = EngineApi(url, api_key, work, hidden)
    rescue = EngineApi(url, api_key, deadline, hidden)
    return EngineResource(tag_of(request), api, rescue, work)
