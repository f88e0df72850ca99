"""Patience with a role whose policy was attached a moment ago. Knows no service.

https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions.custom_resource.deadline import Deadline

_DENIALS = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
_PAUSES_SECONDS = (1.0, 2.0, 4.0, 8.0)

T = TypeVar("T")


def call_patiently(call: Callable[[], T], deadline: Deadline) -> T:
    """The result of an AWS call, which a denial lets repeat for some seconds."""
    for pause_seconds in _PAUSES_SECONDS:
        try:
            return call()
        except ClientError as error:
            if error.response["Error"]["Code"] not in _DENIALS:
                raise
            if pause_seconds >= deadline.remaining_seconds:
                raise
        deadline.pause(pause_seconds)
    return call()
