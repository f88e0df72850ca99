"""The platform's engines over HTTP: what may be repeated is repeated, within the time there is.

Plain HTTP, since the SDK's update does not know every field and its retries may double a create.
Source: https://elevenlabs.io/docs/api-reference/speech-engine
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from functions.custom_resource.exchange import Answer, NoAnswer, NotSent, exchange
from functions.engine.refusals import (
    Refused,
    Unavailable,
    Unsettled,
    describe_body,
    make_refusal,
)

if TYPE_CHECKING:
    from functions.custom_resource.deadline import Deadline

_PATH = "/v1/speech-engine"
REQUEST_SECONDS = 20.0
_PAUSES_SECONDS = (1.0, 2.0, 4.0)
_LONGEST_WAIT_SECONDS = 60.0  # that a Retry-After is honoured for
PAGE_SIZE = 100
MOST_PAGES = 100


class EngineApi:
    """Calls with one key until one deadline. `hidden` values are cut out of all messages."""

    def __init__(self, url: str, api_key: str, deadline: Deadline, hidden: tuple[str, ...]) -> None:
        self._url = url.rstrip("/")
        self._headers = {"xi-api-key": api_key, "content-type": "application/json"}
        self._deadline = deadline
        self._hidden = (api_key, *hidden)

    def create(self, body: Mapping[str, Any]) -> str:
        """Create an engine; returns its id.

        Raises Refused, Unavailable, or Unsettled when it may exist now: then look, do not repeat.
        """
        try:
            content = _read_object(self._send("POST", _PATH, body))
        except _Busy as busy:
            if busy.nothing_done:
                raise
            raise Unsettled(str(busy)) from None
        except Unavailable as error:
            raise Unsettled(str(error)) from None
        engine_id = content.get("speech_engine_id")
        if not isinstance(engine_id, str) or not engine_id:
            raise Unsettled("ElevenLabs created an engine without telling its id")
        return engine_id

    def update(self, engine_id: str, body: Mapping[str, Any]) -> None:
        """Change what the body names. Raises Refused (NotFound when it is gone), Unavailable."""
        self._send("PATCH", f"{_PATH}/{quote(engine_id, safe='')}", body)

    def delete(self, engine_id: str) -> None:
        """Delete an engine. Raises Refused (NotFound when it is gone), Unavailable."""
        self._send("DELETE", f"{_PATH}/{quote(engine_id, safe='')}")

    def find_tagged(self, tag: str) -> list[str]:
        """The ids of all engines with a tag, the oldest first. Raises Refused, Unavailable."""
        found = [item for item in self._list() if tag in (item.get("tags") or ())]
        found.sort(key=lambda item: item.get("created_at_unix_secs") or 0)
        return [item["speech_engine_id"] for item in found]

    def _list(self) -> Iterator[dict[str, Any]]:
        query = {"page_size": PAGE_SIZE, "sort_by": "created_at", "sort_direction": "asc"}
        cursor: dict[str, str] = {}
        for _ in range(MOST_PAGES):
            page = _read_object(self._send("GET", f"{_PATH}?{urlencode({**query, **cursor})}"))
            yield from page.get("speech_engines", ())
            if not page.get("has_more") or not page.get("next_cursor"):
                return
            cursor = {"cursor": page["next_cursor"]}
        raise Unavailable(f"ElevenLabs lists more than {MOST_PAGES * PAGE_SIZE} engines")

    def _send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> bytes:
        for pause_seconds in _PAUSES_SECONDS:
            try:
                return self._send_once(method, path, body)
            except _Busy as busy:
                wait_seconds = max(pause_seconds, busy.wait_seconds)
                # Any method but POST comes to the same when it is done twice.
                may_repeat = method != "POST" or busy.nothing_done
                if not may_repeat or wait_seconds > self._longest_wait_seconds:
                    raise
                self._deadline.pause(wait_seconds)
        return self._send_once(method, path, body)

    @property
    def _longest_wait_seconds(self) -> float:
        return min(_LONGEST_WAIT_SECONDS, self._deadline.remaining_seconds - 1)

    def _send_once(self, method: str, path: str, body: Mapping[str, Any] | None) -> bytes:
        data = None if body is None else json.dumps(body).encode()
        seconds = self._deadline.cap(REQUEST_SECONDS)
        url = f"{self._url}{path}"
        try:
            answer = exchange(method, url, seconds=seconds, body=data, headers=self._headers)
        except ValueError as error:
            raise Unavailable(
                f"{self._url} can't be called: {error}; check elevenlabs.host"
            ) from None
        except NotSent as error:
            raise _Busy(f"ElevenLabs can't be reached: {error}", nothing_done=True) from None
        except NoAnswer as error:
            raise _Busy(f"ElevenLabs did not answer: {error}") from None
        if 200 <= answer.status < 300:
            return answer.body
        raise self._describe(answer)

    def _describe(self, answer: Answer) -> Refused | Unavailable:
        body = answer.body
        for value in self._hidden:  # an answer may quote what it refuses
            body = body.replace(value.encode(), b"(hidden)")
        if answer.status not in {408, 429} and answer.status < 500:
            return make_refusal(answer.status, body)
        wait_seconds = _read_retry_after(answer.headers)
        asked = f"; it asks to wait {wait_seconds:g} s" if wait_seconds else ""
        problem = f"ElevenLabs is not available ({answer.status}: {describe_body(body)}{asked})"
        return _Busy(problem, nothing_done=answer.status == 429, wait_seconds=wait_seconds)


class _Busy(Unavailable):
    def __init__(
        self, message: str, *, nothing_done: bool = False, wait_seconds: float = 0.0
    ) -> None:
        super().__init__(message)
        self.nothing_done = nothing_done
        self.wait_seconds = wait_seconds


def _read_object(body: bytes) -> dict[str, Any]:
    try:
        content = json.loads(body)
    except ValueError:
        raise Unavailable("ElevenLabs answered something that is not JSON") from None
    return content if isinstance(content, dict) else {}


def _read_retry_after(headers: Mapping[str, str]) -> float:
    for name, unit_seconds in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        with contextlib.suppress(KeyError, ValueError):
            return max(0.0, float(headers[name]) * unit_seconds)
    return 0.0
