from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cli.stacks.rollout import Rollout, watching
from tests.fakes.aws_account import FakeAws, starting_deployment

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def rollout(aws: FakeAws, told: list[str] | None = None) -> Rollout:
    lines: list[str] = [] if told is None else told
    return Rollout(
        aws,  # type: ignore[arg-type]
        lambda: ("cluster", "service"),
        tell=lines.append,
        now=lambda: NOW,
    )


def test_rollout_stops_tasks_that_stay_unhealthy() -> None:
    """A deployment still starting its tasks after ten minutes is rolled back, once."""
    aws = FakeAws(deployments=[starting_deployment(NOW - timedelta(minutes=11))])
    told: list[str] = []
    watch = rollout(aws, told)
    watch.check()
    watch.check()
    [(name, call)] = aws.calls
    assert name == "stop_service_deployment"
    assert call["stopType"] == "ROLLBACK"
    assert len(told) == 1


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
    watch = Rollout(FakeAws(deployments=[{}]), lambda: None)  # type: ignore[arg-type]
    watch.check()


def test_watching_tells_a_failure_once() -> None:
    """A service that can't be watched is told in one line, and the deployment goes on."""
    asked = threading.Semaphore(0)
    told: list[str] = []

    def fail() -> None:
        asked.release()
        raise RuntimeError("not\nallowed")

    watch = Rollout(FakeAws(), fail)  # type: ignore[arg-type]
    with watching(watch, tell=told.append, poll_seconds=0.001):
        for _ in range(3):
            assert asked.acquire(timeout=10)
    assert told == ["the service can't be watched: not allowed"]
