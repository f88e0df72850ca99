from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from cli.stacks.stopped_task import StoppedTasks
from tests.fakes.aws_account import FakeAws, stopped_task

SINCE = datetime(2026, 1, 1, 12, tzinfo=UTC)
SERVICE = ("cluster", "arn:aws:ecs:us-east-1:000000000000:service/cluster/service")
EXITED = "Essential container in task exited"


def explain(aws: FakeAws) -> str:
    return StoppedTasks(aws, aws).explain(SERVICE, SINCE)  # type: ignore[arg-type]


def made(minutes: int, name: str, reason: str) -> dict[str, Any]:
    return stopped_task(name, SINCE + timedelta(minutes=minutes), reason)


def test_explain_tells_reason_and_last_words_of_the_newest_task() -> None:
    """ECS's reason and the end of the task's own log are one line, with the log's name."""
    aws = FakeAws(
        tasks=[made(3, "new", EXITED), made(1, "old", "Other")],
        task_logs={("server-log", "server/server/new"): ["starting", "no\nkey"]},
    )
    expected = f"a task stopped: {EXITED} (its log server-log ends with: no key)"
    assert explain(aws) == expected


def test_explain_does_without_a_log() -> None:
    """A task whose container never started has a reason and no log."""
    aws = FakeAws(tasks=[made(3, "new", "CannotPullContainerError")])
    assert explain(aws) == "a task stopped: CannotPullContainerError"


def test_explain_passes_over_tasks_of_the_version_before() -> None:
    """What stopped before the deployment began explains nothing; the service's event may."""
    aws = FakeAws(tasks=[made(-5, "old", EXITED)], service_events=["no capacity", "earlier"])
    assert explain(aws) == "no task has stopped; the service says: no capacity"


def test_explain_never_raises_for_what_aws_answers() -> None:
    """Who may not ask ECS is told so little, and nothing is kept from happening."""

    class Forbidden(FakeAws):
        def list_tasks(self, *_: Any, **__: Any) -> dict[str, Any]:
            raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "ListTasks")

    assert explain(Forbidden()) == "ECS does not say why"
