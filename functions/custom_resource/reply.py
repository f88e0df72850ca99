"""The answer to CloudFormation: written within its limits, delivered once.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from functions.custom_resource.exchange import NoAnswer, NotSent, exchange

if TYPE_CHECKING:
    from functions.custom_resource.request import Request

BODY_BYTES = 4096
REASON_CHARACTERS = 900
DELIVERY_SECONDS = 9.5  # all attempts and pauses together, at most
_ATTEMPT_SECONDS = 3.0
_PAUSES_SECONDS = (0.1, 0.3)

_log = logging.getLogger(__name__)


class NotDelivered(Exception):
    """CloudFormation can't be told; it will give up by its own time limit."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a request ended; `error` is None when it was fulfilled."""

    physical_id: str
    data: Mapping[str, str] = field(default_factory=dict)
    error: str | None = None


class Reply:
    """One request's answer. The first outcome is sent, further ones are dropped."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._lock = threading.Lock()
        self._taken = False

    def send(self, outcome: Outcome) -> None:
        """Deliver; a second caller returns once the first has delivered. Raises NotDelivered."""
        with self._lock:
            if self._taken:
                return
            self._taken = True
            _deliver(self._request.response_url, write_reply(self._request, outcome))


def write_reply(request: Request, outcome: Outcome) -> bytes:
    """The body, its Reason on one line and short enough for the whole."""
    reason = " ".join((outcome.error or "").split())[:REASON_CHARACTERS]
    while True:
        body = _encode(request, outcome, reason)
        if len(body) <= BODY_BYTES or not reason:
            return body
        reason = reason[: len(reason) - 50]


def _encode(request: Request, outcome: Outcome, reason: str) -> bytes:
    content: dict[str, object] = {
        "Status": "FAILED" if outcome.error is not None else "SUCCESS",
        "PhysicalResourceId": outcome.physical_id,
        "StackId": request.stack_id,
        "RequestId": request.request_id,
        "LogicalResourceId": request.logical_id,
        "Data": dict(outcome.data),
    }
    if outcome.error is not None:
        content["Reason"] = reason or "no reason given"
    return json.dumps(content, ensure_ascii=False).encode()


def _deliver(url: str, body: bytes) -> None:
    for pause_seconds in (*_PAUSES_SECONDS, None):
        problem = _put(url, body)
        if problem is None:
            return
        _log.warning("CloudFormation did not take the answer: %s", problem)
        if pause_seconds is not None:
            time.sleep(pause_seconds)
    raise NotDelivered("the answer to CloudFormation could not be delivered")


def _put(url: str, body: bytes) -> str | None:
    try:
        answer = exchange("PUT", url, seconds=_ATTEMPT_SECONDS, body=body)
    except (NotSent, NoAnswer) as error:
        return str(error)
    return None if 200 <= answer.status < 300 else f"status {answer.status}"
