from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cli.stacks.leftovers import abandon_creation
from cli.stacks.rollout import Rollout, Service, watching
from tests.fakes.aws_account import FakeAws, FakeStack, fake_account, starting_deployment

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
FIRST = starting_deployment(NOW - timedelta(minutes=11), is_first=True)


def rollout(
    aws: FakeAws,
    told: list[str] | None = None,
    find_service: Callable[[], Service | None] = lambda: ("cluster", "service"),
) -> Rollout:
    lines: list[str] = [] if told is None else told
    return Rollout(
        aws,  # type: ignore[arg-type]
        find_service,
        abandon=lambda: abandon_creation(fake_account(aws)),
        explain=lambda service, since: f"why {service[1]} since {since:%H:%M}",
        tell=lines.append,
        now=lambda: NOW,
    )


def test_rollout_stops_tasks_that_stay_unhealthy() -> None:
    """A deployment with a version before it is rolled back, once, and no stack is deleted."""
    aws = FakeAws(
        stacks={"SpeechEngine-dev-Realtime": FakeStack(status="CREATE_IN_PROGRESS")},
        deployments=[starting_deployment(NOW - timedelta(minutes=11))],
    )
    told: list[str] = []
    watch = rollout(aws, told)
    watch.check()
    watch.check()
    [(name, call)] = aws.calls
    assert name == "stop_service_deployment"
    assert call["stopType"] == "ROLLBACK"
    assert told == [watch.verdict]
    assert "version before comes back; why service since 11:49" in watch.verdict


def test_rollout_abandons_a_creation_that_has_nothing_to_go_back_to() -> None:
    """The stack of a first deployment is deleted, once, with its protection taken off before."""
    stack = FakeStack(protected=True, status="CREATE_IN_PROGRESS")
    aws = FakeAws(stacks={"SpeechEngine-dev-Realtime": stack}, deployments=[FIRST])
    told: list[str] = []
    watch = rollout(aws, told)
    watch.check()
    watch.check()
    name = {"StackName": "SpeechEngine-dev-Realtime"}
    assert aws.calls == [
        ("update_termination_protection", name | {"EnableTerminationProtection": False}),
        ("delete_stack", name),
    ]
    assert told == [watch.verdict]
    assert "the stack is deleted, mend it and deploy again; why service" in watch.verdict


@pytest.mark.parametrize("status", ["CREATE_COMPLETE", "UPDATE_IN_PROGRESS", "ROLLBACK_COMPLETE"])
def test_rollout_never_deletes_a_stack_that_came_up(status: str) -> None:
    """Without a version to go back to ECS is asked all the same, and the stack stays."""
    stack = FakeStack(status=status)
    aws = FakeAws(stacks={"SpeechEngine-dev-Realtime": stack}, deployments=[FIRST])
    rollout(aws).check()
    assert [name for name, _ in aws.calls] == ["stop_service_deployment"]


def test_rollout_tries_again_when_ecs_refuses() -> None:
    """A stop that ECS did not take, for instance while it throttles, is asked for again."""

    class Throttled(FakeAws):
        def stop_service_deployment(self, **call: Any) -> None:
            super().stop_service_deployment(**call)
            if len(self.calls) == 1:
                raise RuntimeError("slow down")

    aws = Throttled(deployments=[starting_deployment(NOW - timedelta(minutes=11))])
    watch = rollout(aws)
    with pytest.raises(RuntimeError, match="slow down"):
        watch.check()
    watch.check()
    watch.check()
    assert len(aws.calls) == 2


@pytest.mark.parametrize(
    ("minutes", "stage"), [(9, "SCALE_UP"), (300, "BAKE_TIME"), (60, "PRODUCTION_TRAFFIC_SHIFT")]
)
def test_rollout_leaves_others_alone(minutes: int, stage: str) -> None:
    """A deployment that is young, or past its health checks, is not touched."""
    aws = FakeAws(deployments=[starting_deployment(NOW - timedelta(minutes=minutes), stage)])
    rollout(aws).check()
    assert aws.calls == []


def test_rollout_waits_for_a_service() -> None:
    """While the stack has no service yet there is nothing to ask ECS."""
    rollout(FakeAws(deployments=[{}]), find_service=lambda: None).check()


def test_watching_tells_a_failure_once() -> None:
    """A service that can't be watched is told in one line, and the deployment goes on."""
    asked = threading.Semaphore(0)
    told: list[str] = []

    def fail() -> Service | None:
        asked.release()
        raise RuntimeError("not\nallowed")

    watch = rollout(FakeAws(), find_service=fail)
    with watching(watch, tell=told.append, poll_seconds=0.001):
        for _ in range(3):
            assert asked.acquire(timeout=10)
    assert told == ["the service can't be watched: not allowed"]
