"""An AWS account in memory: as much of the SDK's clients as deploying and destroying ask for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from cli.stacks.account import Account
from infra.settings import Environment, load_environment


@dataclass
class FakeStack:
    """A deployed stack: resources as (type, logical id, physical id), `gone` by logical id."""

    resources: list[tuple[str, str, str]] = field(default_factory=list)
    outputs: dict[str, str] = field(default_factory=dict)
    template: dict[str, Any] = field(default_factory=lambda: {"Resources": {}})
    gone: set[str] = field(default_factory=set)
    protected: bool = False
    status: str = "CREATE_COMPLETE"


class Pages:
    """A paginator whose answer fits one page."""

    def __init__(self, page: dict[str, Any]) -> None:
        self._page = page

    def paginate(self, **_: Any) -> Iterator[dict[str, Any]]:
        yield self._page


@dataclass
class FakeAws:
    """The session and every client at once; `calls` tells what was changed."""

    stacks: dict[str, FakeStack] = field(default_factory=dict)
    deployments: list[dict[str, Any]] = field(default_factory=list)
    weights: dict[str, int] = field(default_factory=dict)
    interface_counts: list[int] = field(default_factory=list)
    security_groups: list[tuple[str, str, str]] = field(default_factory=list)
    log_groups: list[str] = field(default_factory=list)
    records: list[dict[str, Any]] = field(default_factory=list)
    tasks: list[dict[str, Any]] = field(default_factory=list)
    service_events: list[str] = field(default_factory=list)
    task_logs: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    zones: dict[str, str] = field(
        default_factory=lambda: {"us-east-1a": "use1-az1", "us-east-1b": "use1-az2"}
    )
    calls: list[tuple[str, Any]] = field(default_factory=list)
    resource: Any = None

    def client(self, _name: str) -> FakeAws:
        return self

    def get_paginator(self, operation: str) -> Any:
        return getattr(self, f"_page_{operation}")()

    def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803
        stack = self._stack(StackName)
        outputs = [{"OutputKey": key, "OutputValue": value} for key, value in stack.outputs.items()]
        description = {"EnableTerminationProtection": stack.protected, "Outputs": outputs}
        return {"Stacks": [{"StackName": StackName, "StackStatus": stack.status, **description}]}

    def get_template(self, StackName: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        return {"TemplateBody": self._stack(StackName).template}

    def describe_rules(self, **_: Any) -> dict[str, Any]:
        groups = [{"TargetGroupArn": arn, "Weight": each} for arn, each in self.weights.items()]
        return {"Rules": [{"Actions": [{"ForwardConfig": {"TargetGroups": groups}}]}]}

    def list_service_deployments(self, **_: Any) -> dict[str, Any]:
        return {"serviceDeployments": self.deployments}

    def describe_service_deployments(self, **_: Any) -> dict[str, Any]:
        return {"serviceDeployments": self.deployments}

    def describe_availability_zones(self, **_: Any) -> dict[str, Any]:
        zones = [{"ZoneName": name, "ZoneId": zone_id} for name, zone_id in self.zones.items()]
        return {"AvailabilityZones": zones}

    def stop_service_deployment(self, **call: Any) -> None:
        self.calls.append(("stop_service_deployment", call))

    def list_tasks(self, serviceName: str, desiredStatus: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        stopped = desiredStatus == "STOPPED" and "/" not in serviceName
        return {"taskArns": [task["taskArn"] for task in self.tasks if stopped]}

    def describe_tasks(self, tasks: list[str], **_: Any) -> dict[str, Any]:
        return {"tasks": [task for task in self.tasks if task["taskArn"] in tasks]}

    def describe_services(self, **_: Any) -> dict[str, Any]:
        return {"services": [{"events": [{"message": each} for each in self.service_events]}]}

    def describe_task_definition(self, **_: Any) -> dict[str, Any]:
        options = {"awslogs-group": "server-log", "awslogs-stream-prefix": "server"}
        container = {"name": "server", "logConfiguration": {"options": options}}
        return {"taskDefinition": {"containerDefinitions": [container]}}

    def get_log_events(self, logGroupName: str, logStreamName: str, limit: int) -> dict[str, Any]:  # noqa: N803
        if (logGroupName, logStreamName) not in self.task_logs:
            raise ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "GetLogEvents")
        lines = self.task_logs[logGroupName, logStreamName][-limit:]
        return {"events": [{"message": line} for line in lines]}

    def get_caller_identity(self) -> dict[str, Any]:
        return {"Account": "000000000000"}

    def delete_stack(self, **call: Any) -> None:
        self.calls.append(("delete_stack", call))

    def update_termination_protection(self, **call: Any) -> None:
        self.calls.append(("update_termination_protection", call))

    def modify_load_balancer_attributes(self, **call: Any) -> None:
        self.calls.append(("modify_load_balancer_attributes", call))

    def describe_security_groups(self, Filters: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        wanted = {each["Name"]: each["Values"] for each in Filters}
        return {
            "SecurityGroups": [
                {"GroupId": group, "GroupName": name}
                for group, name, vpc in self.security_groups
                if vpc in wanted["vpc-id"] and name in wanted["group-name"]
            ]
        }

    def delete_security_group(self, **call: Any) -> None:
        self.calls.append(("delete_security_group", call))

    def delete_log_group(self, logGroupName: str) -> None:  # noqa: N803
        if logGroupName not in self.log_groups:
            raise ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "DeleteLogGroup")
        self.log_groups.remove(logGroupName)

    def _stack(self, name: str) -> FakeStack:
        if name not in self.stacks:
            message = f"Stack with id {name} does not exist"
            raise ClientError(
                {"Error": {"Code": "ValidationError", "Message": message}}, "DescribeStacks"
            )
        return self.stacks[name]

    def _page_list_stack_resources(self) -> Any:
        return _StackResources(self)

    def _page_describe_log_groups(self) -> Any:
        return _LogGroups(self)

    def _page_describe_network_interfaces(self) -> Pages:
        count = self.interface_counts.pop(0) if self.interface_counts else 0
        groups = [{"GroupName": "CloudFront-VPCOrigins-Service-SG", "GroupId": "sg-1"}]
        interfaces = [{"Description": "", "Groups": groups} for _ in range(count)]
        return Pages({"NetworkInterfaces": [{"Description": "ELB app/x"}, *interfaces]})

    def _page_list_resource_record_sets(self) -> Pages:
        return Pages({"ResourceRecordSets": self.records})


class _StackResources:
    def __init__(self, aws: FakeAws) -> None:
        self._aws = aws

    def paginate(self, StackName: str) -> Iterator[dict[str, Any]]:  # noqa: N803
        stack = self._aws._stack(StackName)
        yield {
            "StackResourceSummaries": [
                {
                    "ResourceType": kind,
                    "LogicalResourceId": logical_id,
                    "PhysicalResourceId": physical_id,
                    "ResourceStatus": (
                        "DELETE_COMPLETE" if logical_id in stack.gone else "CREATE_COMPLETE"
                    ),
                }
                for kind, logical_id, physical_id in stack.resources
            ]
        }


class _LogGroups:
    def __init__(self, aws: FakeAws) -> None:
        self._aws = aws

    def paginate(self, logGroupNamePrefix: str) -> Iterator[dict[str, Any]]:  # noqa: N803
        names = [name for name in self._aws.log_groups if name.startswith(logGroupNamePrefix)]
        yield {"logGroups": [{"logGroupName": name} for name in names]}


def fake_account(aws: FakeAws, name: str = "dev", **sections: Any) -> Account:
    """An account that holds `aws`, for a shipped environment with some sections replaced."""
    environment = load_environment(name)
    if sections:
        content = environment.model_dump(exclude_unset=True) | sections
        environment = Environment.model_validate(content)
    return Account(aws, environment)  # type: ignore[arg-type]


def stopped_task(name: str, created: datetime, reason: str) -> dict[str, Any]:
    """A task that did not stay up, as ECS describes it."""
    return {
        "taskArn": f"arn:aws:ecs:us-east-1:000000000000:task/cluster/{name}",
        "taskDefinitionArn": "arn:aws:ecs:us-east-1:000000000000:task-definition/server:1",
        "createdAt": created,
        "stoppedReason": reason,
    }


def starting_deployment(
    started: datetime, stage: str = "SCALE_UP", *, is_first: bool = False
) -> dict[str, Any]:
    """A service deployment in progress, as ECS describes it."""
    sources = [] if is_first else [{"arn": "arn:aws:ecs:us-east-1:000000000000:revision/1"}]
    return {
        "serviceDeploymentArn": "arn:aws:ecs:us-east-1:000000000000:service-deployment/x",
        "createdAt": started,
        "startedAt": started,
        "status": "IN_PROGRESS",
        "lifecycleStage": stage,
        "sourceServiceRevisions": sources,
    }
