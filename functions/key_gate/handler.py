"""The key gate: passes once the secret in the property SecretArn holds a value as tasks take it.

It stands before whatever can't start without that value, so that a deployment fails within a minute
and not after its tasks have been restarted for hours. An optional property Environment names the
environment in the advice. The value itself goes nowhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from functions.custom_resource.failure import Failure
from functions.custom_resource.lifecycle import Resource, answer
from functions.custom_resource.secret import (
    NoValue,
    open_secrets,
    parse_whole,
    read_secret,
    say_what_to_type,
)

if TYPE_CHECKING:
    from functions.custom_resource.deadline import Deadline
    from functions.custom_resource.lifecycle import Context
    from functions.custom_resource.request import Request

WAIT_SECONDS = 30.0  # another step of the same deployment may be writing it
_PAUSE_SECONDS = 3.0


def handler(event: Mapping[str, Any], context: Context) -> None:
    """Lambda's entry point."""
    answer(event, context, act)


def act(request: Request, deadline: Deadline) -> Resource:
    """Pass or raise Failure; to delete the gate is nothing."""
    passed = Resource(request.physical_id or f"key-gate-{request.logical_id}")
    if request.kind == "Delete":
        return passed
    secret_arn = request.text("SecretArn")
    try:
        _await_value(secret_arn, deadline.within(WAIT_SECONDS))
    except NoValue as problem:
        advice = say_what_to_type(secret_arn, request.properties.get("Environment"))
        raise Failure(f"{problem}. {advice}") from None
    return passed


def _await_value(secret_arn: str, deadline: Deadline) -> None:
    client = open_secrets()
    while True:
        try:
            read_secret(client, secret_arn, deadline, parse_whole)
        except NoValue:
            if deadline.remaining_seconds <= _PAUSE_SECONDS:
                raise
            deadline.pause(_PAUSE_SECONDS)
        else:
            return
