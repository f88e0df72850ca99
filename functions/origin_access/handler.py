"""Origin access: opens a port of the load balancer to CloudFront's VPC origins of the same VPC.

Properties: VpcId, SecurityGroupId (the load balancer's), Port. The physical id is the rule itself,
so a change of any part is a replacement: the new rule first, then the old one is taken away.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from functions.custom_resource.failure import Failure
from functions.custom_resource.lifecycle import Resource, answer
from functions.custom_resource.permissions import call_patiently
from functions.origin_access.rule import SOURCE_GROUP_NAME, Rule, find_source, parse_rule

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

    from functions.custom_resource.deadline import Deadline
    from functions.custom_resource.lifecycle import Context
    from functions.custom_resource.request import Request

_PAUSE_SECONDS = 5.0


def handler(event: Mapping[str, Any], context: Context) -> None:
    """Lambda's entry point."""
    answer(event, context, act)


def act(request: Request, deadline: Deadline) -> Resource:
    """Open or close the port. Raises Failure."""
    try:
        if request.kind == "Delete":
            return call_patiently(lambda: _close(request), deadline)
        return call_patiently(lambda: _open(request, deadline), deadline)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        raise Failure(f"EC2 refused to {error.operation_name}: {code}") from None
    except BotoCoreError as error:
        raise Failure(f"EC2 can't be reached: {type(error).__name__}") from None


def _open(request: Request, deadline: Deadline) -> Resource:
    client = _open_ec2()
    rule = _read_rule(request, _await_source(client, request.text("VpcId"), deadline))
    rule.open(client)
    return Resource(str(rule))


def _close(request: Request) -> Resource:
    client = _open_ec2()
    rule = parse_rule(request.physical_id) or _find_unanswered(request, client)
    if rule is not None:
        rule.close(client)
    return Resource(request.physical_id or "")


def _find_unanswered(request: Request, client: EC2Client) -> Rule | None:
    """The rule that a failed create may have made before it failed."""
    try:
        source = find_source(client, request.text("VpcId"))
        return _read_rule(request, source) if source else None
    except Failure:
        return None  # with such properties nothing was made


def _read_rule(request: Request, source: str) -> Rule:
    port = request.text("Port")
    if not port.isdecimal():
        raise Failure(f"The property Port is {port!r}; give a number such as 80")
    return Rule(request.text("SecurityGroupId"), int(port), source)


def _await_source(client: EC2Client, vpc_id: str, deadline: Deadline) -> str:
    while (source := find_source(client, vpc_id)) is None:
        if deadline.remaining_seconds <= _PAUSE_SECONDS:
            raise Failure(
                f"VPC {vpc_id} has no security group {SOURCE_GROUP_NAME}: CloudFront makes it with"
                " the first VPC origin; check that the distribution was deployed before this"
            )
        deadline.pause(_PAUSE_SECONDS)
    return source


def _open_ec2() -> EC2Client:
    limits = Config(connect_timeout=5, read_timeout=20, retries={"total_max_attempts": 3})
    client: EC2Client = boto3.client("ec2", config=limits)
    return client
