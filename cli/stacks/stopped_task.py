"""Why a service's tasks do not stay up, as ECS and the last line of their own log tell it.

It asks and never raises for what AWS answers: an explanation must not keep anything from happening.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_ecs import ECSClient
    from mypy_boto3_logs import CloudWatchLogsClient

    from cli.stacks.rollout import Service

_LINE_CHARACTERS = 300


class StoppedTasks:
    """What can be learned about tasks that were started and stopped again."""

    def __init__(self, ecs: ECSClient, logs: CloudWatchLogsClient) -> None:
        self._ecs = ecs
        self._logs = logs

    def explain(self, service: Service, since: datetime) -> str:
        """Say why the newest task made after `since` stopped, or what the service itself says."""
        return _asked(lambda: self._explain(service, since)) or "ECS does not say why"

    def _explain(self, service: Service, since: datetime) -> str:
        task = self._newest(service, since)
        if task is None:
            return self._last_event(service)
        reason = task.get("stoppedReason") or "no reason given"
        return f"a task stopped: {reason} {_asked(lambda: self._last_words(task))}"

    def _newest(self, service: Service, since: datetime) -> Any:
        cluster, name = service
        # The filter wants a name where CloudFormation knows the service by its ARN:
        # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListTasks.html
        arns = self._ecs.list_tasks(
            cluster=cluster, serviceName=name.rpartition("/")[2], desiredStatus="STOPPED"
        )["taskArns"]
        if not arns:
            return None
        tasks = self._ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"]
        recent = [task for task in tasks if task["createdAt"] >= since]
        return max(recent, key=lambda task: task["createdAt"], default=None)

    def _last_event(self, service: Service) -> str:
        cluster, name = service
        found = self._ecs.describe_services(cluster=cluster, services=[name])["services"]
        events = [event["message"] for each in found for event in each["events"]]
        return f"no task has stopped; the service says: {events[0]}" if events else ""

    def _last_words(self, task: Any) -> str:
        arn = task["taskDefinitionArn"]
        definition = self._ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
        container = definition["containerDefinitions"][0]
        options = container["logConfiguration"]["options"]
        task_id = task["taskArn"].rpartition("/")[2]
        # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_awslogs.html
        stream = f"{options['awslogs-stream-prefix']}/{container['name']}/{task_id}"
        group = options["awslogs-group"]
        events = self._logs.get_log_events(logGroupName=group, logStreamName=stream, limit=1)
        said = " ".join(event["message"] for event in events["events"])[:_LINE_CHARACTERS]
        return f"(its log {group} ends with: {said})" if said else ""


def _asked(question: Callable[[], str]) -> str:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return " ".join(question().split())
    except (BotoCoreError, ClientError, LookupError):
        return ""
