"""How a request becomes exactly one answer, whatever happens on the way.

The function's last seconds belong to the answer: the work gets a deadline before them, and a
watchdog answers for work that overruns it. Set the function's asynchronous retries to 0: a Create
that Lambda repeats after its failure was answered would build what nobody deletes.
"""

from __future__ import annotations

import logging
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from functions.custom_resource.deadline import Deadline
from functions.custom_resource.failure import Failure
from functions.custom_resource.reply import DELIVERY_SECONDS, Outcome, Reply
from functions.custom_resource.request import Request, read_request

_KINDS = frozenset({"Create", "Update", "Delete"})
_WORK_MARGIN_SECONDS = 4.0  # between the end of the work's time and the watchdog

_log = logging.getLogger(__name__)


class Context(Protocol):
    """What is used of Lambda's context object."""

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda kills the function."""
        ...


@dataclass(frozen=True, slots=True)
class Resource:
    """What a fulfilled request leaves: the resource's id and the attributes of Fn::GetAtt."""

    physical_id: str
    data: Mapping[str, str] = field(default_factory=dict)


Act = Callable[[Request, Deadline], Resource]


def answer(
    event: Mapping[str, Any],
    context: Context,
    act: Act,
    *,
    now: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Fulfil the request by `act` and tell CloudFormation how it ended. Raises NotDelivered."""
    logging.getLogger("functions").setLevel(logging.INFO)
    request = read_request(event)
    # Read once: some emulators give the whole limit at every call.
    total_seconds = context.get_remaining_time_in_millis() / 1000
    reserve_seconds = min(DELIVERY_SECONDS, total_seconds / 2)
    margin_seconds = min(_WORK_MARGIN_SECONDS, reserve_seconds / 2)
    work_seconds = total_seconds - reserve_seconds - margin_seconds
    reply = Reply(request)
    overrun = Outcome(_name(request), error="The function did not finish in time; deploy again")
    watchdog = threading.Timer(total_seconds - reserve_seconds, reply.send, (overrun,))
    watchdog.daemon = True
    watchdog.start()
    try:
        reply.send(_attempt(act, request, Deadline(work_seconds, now=now, sleep=sleep)))
    finally:
        watchdog.cancel()


def _attempt(act: Act, request: Request, deadline: Deadline) -> Outcome:
    try:
        if request.kind not in _KINDS:
            raise Failure(f"The request {request.kind!r} is not one of CloudFormation's")
        resource = act(request, deadline)
    except Failure as failure:
        _log.error("%s of %s failed: %s", request.kind, request.logical_id, failure)
        return Outcome(failure.physical_id or _name(request), error=str(failure))
    except Exception as error:  # noqa: BLE001 - an unanswered request blocks the stack for long
        return _report(error, request)
    _log.info("%s of %s done: %s", request.kind, request.logical_id, resource.physical_id)
    return Outcome(resource.physical_id, resource.data)


def _report(error: Exception, request: Request) -> Outcome:
    # Frames without the message: that may quote a secret or a property.
    frames = "".join(traceback.format_tb(error.__traceback__))
    name = type(error).__name__
    _log.error("%s of %s: unexpected %s\n%s", request.kind, request.logical_id, name, frames)
    reason = f"Unexpected {name} in the function of {request.logical_id}; its log says where"
    return Outcome(_name(request), error=reason)


def _name(request: Request) -> str:
    """The id in an answer that has no other; a Create's failure needs one as well."""
    return request.physical_id or f"unsettled-{request.logical_id}"
