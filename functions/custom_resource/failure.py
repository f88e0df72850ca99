"""The one way a custom resource fails on purpose. Knows nothing of requests and answers."""

from __future__ import annotations


class Failure(Exception):
    """The message is the line a person reads in the stack's events: what is wrong, what to do.

    `physical_id` names the resource in the answer; without it the request's own id does.
    """

    def __init__(self, message: str, *, physical_id: str | None = None) -> None:
        super().__init__(message)
        self.physical_id = physical_id


class OutOfTime(Failure):
    """The function's own time would not have sufficed for the next step."""
