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
from functions.custom_resource.secret import (
    NoValue,
    open_secrets,
    read_secret,
    say_how_to_replace,
    say_what_to_type,
)
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
    task = EngineTask(request, deadline)
    try:
        return task.delete() if request.kind == "Delete" else task.provide()
    except (Refused, Unavailable) as problem:
        raise Failure(str(problem)) from None


class EngineTask:
    """One request, and what its failures mean for the stack."""

    def __init__(self, request: Request, deadline: Deadline) -> None:
        self._request = request
        self._deadline = deadline
        self._secrets = open_secrets()
        self._key_arn = os.environ["ELEVENLABS_API_KEY_SECRET"]

    def provide(self) -> Resource:
        """Create or update. Raises Failure, Refused, Unavailable."""
        engine_id = self._request.physical_id or ""
        if self._request.kind == "Update" and names_engine(engine_id):
            # With a refused key this is how the switch for deleting gets set at all.
            if self._concerns_platform():
                engine_id = self._update(engine_id)
        else:
            engine_id = self._create()
        return Resource(engine_id, {"EngineId": engine_id})

    def delete(self) -> Resource:
        """Delete, or leave behind what can't be deleted. Raises Failure, Refused, Unavailable."""
        physical_id = self._request.physical_id or ""
        try:
            self._open().delete(physical_id)
        except (NoValue, KeyRefused) as problem:
            self._let_go(physical_id, problem)
        return Resource(physical_id)

    def _concerns_platform(self) -> bool:
        both = (self._request.properties, self._request.old_properties)
        new, old = ({k: v for k, v in each.items() if k not in _LOCAL_PROPERTIES} for each in both)
        return new != old

    def _create(self) -> str:
        try:
            spec = self._read_spec()
            engine = self._open(spec)
            found = engine.find()
        except (Failure, Refused, Unavailable) as problem:
            stand_in = self._request.physical_id or f"{_NOT_CREATED}{self._request.logical_id}"
            raise Failure(self._advise(problem), physical_id=stand_in) from None
        return engine.create(spec, found)

    def _update(self, engine_id: str) -> str:
        try:
            spec = self._read_spec()
            return self._open(spec).update(engine_id, spec, self._read_old_settings())
        except (NoValue, KeyRefused) as problem:
            raise Failure(self._advise(problem)) from None

    def _read_spec(self) -> EngineSpec:
        header_secret = read_secret(self._secrets, os.environ["HEADER_SECRET"], self._deadline)
        return read_spec(self._request, header_secret)

    def _read_old_settings(self) -> dict[str, Any]:
        try:
            return read_settings(self._request.old_properties)
        except Failure:
            return {}  # a rollback from properties that were refused

    def _open(self, spec: EngineSpec | None = None) -> EngineResource:
        api_key = read_secret(self._secrets, self._key_arn, self._deadline)
        hidden = (spec.header_secret,) if spec else ()
        url = os.environ["ELEVENLABS_URL"]
        reserve_seconds = min(_CLEAN_UP_SECONDS, self._deadline.remaining_seconds / 4)
        work = self._deadline.before(reserve_seconds)
        api = EngineApi(url, api_key, work, hidden)
        rescue = EngineApi(url, api_key, self._deadline, hidden)
        return EngineResource(tag_of(self._request), api, rescue, work)

    def _let_go(self, physical_id: str, problem: Exception) -> None:
        if physical_id.startswith(_NOT_CREATED):
            _log.info("nothing was created, so a refused key is no obstacle: %s", problem)
        elif self._request.properties.get("OnKeyRefused") == "orphan":
            _log.warning("engine %s is orphaned, delete it at ElevenLabs: %s", physical_id, problem)
        else:
            raise Failure(self._explain_kept(physical_id, problem))

    def _explain_kept(self, physical_id: str, problem: Exception) -> str:
        # A stack whose delete failed takes no update any more, so two ways are told.
        stack_name = self._request.stack_id.split("/")[1]
        return (
            f"{problem}. So engine {physical_id} is not deleted. Give the secret a valid key and"
            " delete again. Or leave the engine behind: now by `aws cloudformation delete-stack"
            f" --stack-name {stack_name} --retain-resources {self._request.logical_id}`, or before"
            ' a delete by engine.on_key_refused = "orphan" in the environment\'s file, which sets'
            " the property OnKeyRefused=orphan, and a deploy"
        )

    def _advise(self, problem: Exception) -> str:
        if not isinstance(problem, NoValue | KeyRefused):
            return str(problem)
        say = say_what_to_type if isinstance(problem, NoValue) else say_how_to_replace
        return f"{problem}. {say(self._key_arn, self._request.properties.get('Environment'))}"
