"""What has been deployed, as boto3 tells it: outputs of stacks, and the service's task definition.

Every method blocks; none of them changes anything but `put_secret`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.cloud.emulator import Account

# The emulator is next door: what takes longer hangs.
_LIMITS = Config(connect_timeout=5, read_timeout=30, retries={"total_max_attempts": 2})
_SECRET_ARN_PARTS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """What a task definition says of its one container."""

    definition: str
    """ARN of the task definition."""
    command: tuple[str, ...]
    """Empty where the image's own command is meant."""
    environment: dict[str, str]
    secrets: dict[str, str]
    """What `valueFrom` names, by variable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service behind a load balancer."""

    cluster: str
    name: str
    target_group: str
    desired: int
    container: Container


class Deployed:
    """The account of one emulator."""

    def __init__(self, account: Account, endpoint: str) -> None:
        self._session = boto3.Session(
            aws_access_key_id=account.number,
            aws_secret_access_key="local",  # noqa: S106 - the emulator asks for any
            region_name=account.region,
        )
        self._endpoint = endpoint

    def client(self, name: str) -> Any:
        """Return a boto3 client for the emulator."""
        return self._session.client(name, endpoint_url=self._endpoint, config=_LIMITS)  # type: ignore[call-overload]

    def stacks(self) -> list[str]:
        """Return the names of all stacks that are there."""
        pages = self.client("cloudformation").get_paginator("describe_stacks").paginate()
        return [stack["StackName"] for page in pages for stack in page["Stacks"]]

    def outputs(self, stack: str) -> dict[str, str]:
        """Return the outputs of a stack by their names."""
        (found,) = self.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
        return {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])}

    def resource(self, stack: str, type_name: str) -> str:
        """Return the physical id of a stack's first resource of a type."""
        return next(self._resources(stack, type_name))

    def put_secret(self, arn: str, value: str) -> None:
        """Write the value of a secret, as `{"current": …}`."""
        text = json.dumps({"current": value})
        self.client("secretsmanager").put_secret_value(SecretId=arn, SecretString=text)

    def read_secret(self, reference: str) -> str:
        """Return what ECS would put into a variable: `<ARN>[:<JSON key>:<stage>:<version>]`.

        https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html
        """
        parts = reference.split(":")
        arn, more = ":".join(parts[:_SECRET_ARN_PARTS]), parts[_SECRET_ARN_PARTS:]
        answer = self.client("secretsmanager").get_secret_value(SecretId=arn)
        text: str = answer["SecretString"]
        return str(json.loads(text)[more[0]]) if more and more[0] else text

    def service(self, cluster: str, name: str) -> Service:
        """Return a service with what its present task definition says."""
        ecs = self.client("ecs")
        (found,) = ecs.describe_services(cluster=cluster, services=[name])["services"]
        definition = found["taskDefinition"]
        described = ecs.describe_task_definition(taskDefinition=definition)["taskDefinition"]
        return Service(
            cluster=cluster,
            name=name,
            target_group=found["loadBalancers"][0]["targetGroupArn"],
            desired=found["desiredCount"],
            container=_read_container(definition, described["containerDefinitions"][0]),
        )

    def running_targets(self, cluster: str, name: str) -> list[str]:
        """Return where a service's tasks serve, `<address>:<port>`.

        Empty while tasks of another definition run, or fewer or more than the service wants.
        """
        service = self.service(cluster, name)
        ecs = self.client("ecs")
        arns = ecs.list_tasks(cluster=cluster, serviceName=name)["taskArns"]
        tasks = ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"] if arns else []
        states = [(task["taskDefinitionArn"], task["lastStatus"]) for task in tasks]
        health = self.client("elbv2").describe_target_health(TargetGroupArn=service.target_group)
        targets = [each["Target"] for each in health["TargetHealthDescriptions"]]
        wanted = [(service.container.definition, "RUNNING")] * service.desired
        if states != wanted or len(targets) != service.desired:
            return []
        return sorted(f"{target['Id']}:{target['Port']}" for target in targets)

    def stopped_reason(self, cluster: str) -> str:
        """Return why a task of a cluster has stopped, if one has."""
        ecs = self.client("ecs")
        arns = ecs.list_tasks(cluster=cluster, desiredStatus="STOPPED")["taskArns"]
        tasks = ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"] if arns else []
        reasons = [task["stoppedReason"] for task in tasks if task.get("stoppedReason")]
        return reasons[0] if reasons else "no task says why"

    def _resources(self, stack: str, type_name: str) -> Iterator[str]:
        resources = self.client("cloudformation").describe_stack_resources(StackName=stack)
        for each in resources["StackResources"]:
            if each["ResourceType"] == type_name:
                yield each["PhysicalResourceId"]


def _read_container(definition: str, described: dict[str, Any]) -> Container:
    return Container(
        definition=definition,
        command=(*described.get("entryPoint", ()), *described.get("command", ())),
        environment={each["name"]: each["value"] for each in described.get("environment", ())},
        secrets={each["name"]: each["valueFrom"] for each in described.get("secrets", ())},
    )
