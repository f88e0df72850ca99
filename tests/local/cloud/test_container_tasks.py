from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import pytest

from local.cloud import container_tasks
from local.cloud.container_tasks import ContainerTasks
from local.cloud.errors import CloudError
from tests.fakes.web_answers import answer

if TYPE_CHECKING:
    from local.cloud.deployed import Deployed


@dataclass
class Service:
    """Where its tasks serve, one answer after the other; the last one stays."""

    answers: list[list[str]]
    asked: list[tuple[str, str]] = field(default_factory=list)

    def running_targets(self, cluster: str, name: str) -> list[str]:
        self.asked.append((cluster, name))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def stopped_reason(self, _: str) -> str:
        return "CannotPullContainerError"


def make_tasks(service: Service, noted: list[str]) -> ContainerTasks:
    async def note() -> None:
        noted.append("targets")

    return ContainerTasks(deployed=cast("Deployed", service), on_targets=note)


async def test_containers_are_followed_once_they_serve() -> None:
    """The address learns of them when they are ready, and only when they are others."""
    noted: list[str] = []
    with answer(200, "ready") as (endpoint, paths):
        service = Service([[], [endpoint.removeprefix("http://")]])
        tasks = make_tasks(service, noted)
        await tasks.follow("cluster", "service")
        await tasks.follow("cluster", "service")
    assert service.asked == [("cluster", "service")] * 3
    assert paths == ["/readyz", "/readyz"]
    assert noted == ["targets"]


async def test_containers_that_never_serve_say_why(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason that ECS gives for a stopped task reaches the person."""
    monkeypatch.setattr(container_tasks, "_READY_SECONDS", 0.05)
    noted: list[str] = []
    with pytest.raises(CloudError, match=r"served in 0\.05 s: CannotPullContainerError"):
        await make_tasks(Service([[]]), noted).follow("cluster", "service")
    assert noted == []
