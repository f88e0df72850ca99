"""CloudFormation's side of a custom resource: its requests, its mailbox, and Lambda's clock."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from functions.custom_resource.lifecycle import Act, answer
from tests.fakes.loopback_server import QuietHandler, serve_loopback

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

STACK_ID = (
    "arn:aws:cloudformation:us-east-1:000000000000:stack/voice-Api/"
    "0f4b1f60-a9c2-11f0-9d3a-0affd5c4b1c9"
)
LOGICAL_ID = "Engine4F2A"


class FakeClock:
    """Time that passes only by sleeping; keeps every pause."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.pauses: list[float] = []

    def now(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.seconds += seconds


@dataclass
class FakeContext:
    """Lambda's context with a fixed rest of time."""

    seconds: float = 300.0

    def get_remaining_time_in_millis(self) -> int:
        return int(self.seconds * 1000)


@dataclass
class Mailbox:
    """Where answers are put; answers `statuses` in turn, then 200."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    on_answer: Callable[[], None] = lambda: None

    @property
    def answers(self) -> list[dict[str, Any]]:
        return [json.loads(body) for body in self.bodies]

    def event(
        self,
        kind: str,
        properties: Mapping[str, Any] | None = None,
        *,
        old: Mapping[str, Any] | None = None,
        physical_id: str | None = None,
    ) -> dict[str, Any]:
        """A request that asks for its answer here."""
        event: dict[str, Any] = {
            "RequestType": kind,
            "RequestId": "9c8a6a1e",
            "ResponseURL": f"{self.url}/answer?signature=abc",
            "StackId": STACK_ID,
            "LogicalResourceId": LOGICAL_ID,
            "ResourceType": "Custom::Thing",
            "ResourceProperties": dict(properties or {}),
        }
        if old is not None:
            event["OldResourceProperties"] = dict(old)
        if physical_id is not None:
            event["PhysicalResourceId"] = physical_id
        return event

    def run(
        self,
        act: Act,
        event: Mapping[str, Any],
        *,
        seconds: float = 300.0,
        clock: FakeClock | None = None,
    ) -> dict[str, Any]:
        """Run a function to its end and return the one answer it gave."""
        clock = clock or FakeClock()
        before = len(self.bodies)
        answer(event, FakeContext(seconds), act, now=clock.now, sleep=clock.sleep)
        assert len(self.bodies) == before + 1, "exactly one answer"
        return self.answers[-1]


@contextmanager
def open_mailbox(*statuses: int) -> Iterator[Mailbox]:
    """Receive answers until the block ends."""
    mailbox = Mailbox(statuses=list(statuses))

    class Handler(QuietHandler):
        def do_PUT(self) -> None:  # noqa: N802 - named by http.server
            mailbox.bodies.append(self.read_body())
            mailbox.headers.append({name.lower(): value for name, value in self.headers.items()})
            self.send_response(mailbox.statuses.pop(0) if mailbox.statuses else 200)
            self.send_header("content-length", "0")
            self.end_headers()
            mailbox.on_answer()

    with serve_loopback(Handler) as mailbox.url:
        yield mailbox
