"""One stack's engine at the platform: found by its tag, never doubled, never left behind.

Knows neither CloudFormation's requests nor HTTP.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from functions.custom_resource.failure import OutOfTime
from functions.engine.defaults import drop_unknown, lay_over, reset_removed
from functions.engine.refusals import NotFound, Refused, Unavailable, Unsettled

if TYPE_CHECKING:
    from functions.custom_resource.deadline import Deadline
    from functions.engine.api import EngineApi
    from functions.engine.body import EngineSpec

_LOOK_AGAIN_SECONDS = (2.0, 5.0, 10.0)
# The platform's ids are `seng_…` and `agent_…`. Ids that stand for no engine, this function's and
# those that CloudFormation makes up, are built of stack names and logical ids: no underscores.
_ENGINE_ID = re.compile(r"[a-z]+_\w+")

_log = logging.getLogger(__name__)


def names_engine(physical_id: str | None) -> bool:
    """Whether an id is the platform's own."""
    return physical_id is not None and _ENGINE_ID.fullmatch(physical_id) is not None


class EngineResource:
    """The engine with `tag`. `rescue` is the API with time left for cleaning up."""

    def __init__(self, tag: str, api: EngineApi, rescue: EngineApi, deadline: Deadline) -> None:
        self._tag = tag
        self._api = api
        self._rescue = rescue
        self._deadline = deadline

    def find(self) -> list[str]:
        """All engines with the tag: one, none, or after a create gone wrong several."""
        return self._api.find_tagged(self._tag)

    def create(self, spec: EngineSpec, found: list[str]) -> str:
        """Make the engine, or make the one that was `found` what it should be; returns its id."""
        if found:
            try:
                return self._adopt(found, spec)
            except NotFound:
                _log.warning("engine %s is listed and gone; another takes its place", found[0])
        try:
            engine_id = self._build(spec)
            # Only now its id is known, which it sends as a header of its own.
            self._api.update(engine_id, spec.write_body(engine_id))
        except (Refused, Unavailable, OutOfTime):
            self._clean_up()
            raise
        return engine_id

    def update(self, engine_id: str, spec: EngineSpec, old: Mapping[str, Any]) -> str:
        """Make an engine what it should be; returns its id.

        That is a new one when somebody deleted the engine: what depends on the id follows, by
        the stack's own references.
        """
        try:
            self._patch(engine_id, spec, reset_removed(old, spec.settings))
        except NotFound:
            _log.warning("engine %s is gone from the platform; another takes its place", engine_id)
            return self.create(spec, self.find())
        return engine_id

    def delete(self, physical_id: str) -> None:
        """Delete the engine with this id, or for a stand-in of one whatever bears the tag.

        A real id is never widened to the tag: after a replacement that would hit the successor.
        """
        for engine_id in [physical_id] if names_engine(physical_id) else self.find():
            _remove(self._api, engine_id)

    def _adopt(self, found: list[str], spec: EngineSpec) -> str:
        engine_id = self._keep_first(found)
        self._api.update(engine_id, spec.write_body(engine_id))
        return engine_id

    def _build(self, spec: EngineSpec) -> str:
        """Create, and after a doubtful answer look for the engine before creating again."""
        body = spec.write_body()
        for pause_seconds in _LOOK_AGAIN_SECONDS:
            try:
                return self._api.create(body)
            except Unsettled as problem:
                _log.warning("creating the engine had no clear outcome: %s", problem)
            self._deadline.pause(pause_seconds)
            if found := self.find():
                return self._keep_first(found)
        return self._api.create(body)

    def _keep_first(self, found: list[str]) -> str:
        first, *doubles = found
        for engine_id in doubles:
            _log.warning("engine %s is a double of %s; deleting it", engine_id, first)
            _remove(self._api, engine_id)
        return first

    def _patch(self, engine_id: str, spec: EngineSpec, resets: Mapping[str, Any]) -> None:
        body = spec.write_body(engine_id)
        try:
            self._api.update(engine_id, lay_over(resets, body))
        except Refused as refused:
            known = drop_unknown(resets)
            if refused.status not in {400, 422} or known == resets:
                raise
            # A null for a setting without documented default was perhaps what displeased.
            self._api.update(engine_id, lay_over(known, body))
            _log.warning("settings no longer in the file may keep their values: %s", refused)

    def _clean_up(self) -> None:
        try:
            for engine_id in self._rescue.find_tagged(self._tag):
                _remove(self._rescue, engine_id)
        except (Refused, Unavailable, OutOfTime) as problem:
            _log.warning("could not clean up, the stack's Delete will look again: %s", problem)


def _remove(api: EngineApi, engine_id: str) -> None:
    try:
        api.delete(engine_id)
    except NotFound:
        _log.info("engine %s was gone already", engine_id)
