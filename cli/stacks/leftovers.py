"""What CloudFormation leaves behind when an environment goes, and what it stumbles over.

Each function does one thing about it and says so; none fails because the thing is gone already.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from cli.errors import CommandError

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

    from cli.stacks.account import Account

_POLL_SECONDS = 15.0
# CloudFront takes its interfaces out of the VPC some minutes after its distribution is gone.
_INTERFACES_WITHIN_SECONDS = 30 * 60.0
_CLOUDFRONT = "CloudFront"
_VALIDATION = ".acm-validations.aws."


def stop_access_logs(account: Account) -> None:
    """Stop the load balancer from writing into a bucket that is being emptied."""
    balancer = account.first("Realtime", "AWS::ElasticLoadBalancingV2::LoadBalancer")
    if balancer is not None:
        account.session.client("elbv2").modify_load_balancer_attributes(
            LoadBalancerArn=balancer.physical_id,
            Attributes=[{"Key": "access_logs.s3.enabled", "Value": "false"}],
        )


def wait_for_interfaces(
    account: Account,
    *,
    tell: Callable[[str], object] = print,
    sleep: Callable[[float], object] = time.sleep,
    within_seconds: float = _INTERFACES_WITHIN_SECONDS,
) -> None:
    """Wait until CloudFront has left the VPC, which can go only then. Raises CommandError."""
    vpc = account.first("Foundation", "AWS::EC2::VPC")
    if vpc is None:
        return
    ec2 = account.session.client("ec2")
    waited = 0.0
    while count := _cloudfront_interfaces(ec2, vpc.physical_id):
        if waited >= within_seconds:
            raise CommandError(
                f"CloudFront still has {count} network interface(s) in {vpc.physical_id}; destroy"
                " again in an hour, nothing is lost and the VPC itself costs nothing"
            )
        tell(f"waiting for CloudFront to leave the VPC ({count} network interfaces)")
        sleep(_POLL_SECONDS)
        waited += _POLL_SECONDS


def remove_log_groups(account: Account) -> list[str]:
    """Delete the log groups that functions made anew while they were deleted; returns names."""
    logs = account.session.client("logs")
    prefixes = (f"/aws/lambda/{account.prefix()}-", f"{account.prefix()}-")
    names = [
        group["logGroupName"]
        for prefix in prefixes
        for page in logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=prefix)
        for group in page["logGroups"]
    ]
    for name in names:
        logs.delete_log_group(logGroupName=name)
    return names


def validation_records(account: Account) -> list[str]:
    """The DNS records that prove the domain to ACM; other certificates may rest on them."""
    address = account.environment.address
    if not (address.domain and address.hosted_zone_id):
        return []
    pages = account.session.client("route53").get_paginator("list_resource_record_sets")
    return [
        record["Name"]
        for page in pages.paginate(HostedZoneId=address.hosted_zone_id)
        for record in page["ResourceRecordSets"]
        if record["Name"].endswith(f".{address.domain}.")
        and any(value["Value"].endswith(_VALIDATION) for value in record.get("ResourceRecords", []))
    ]


def _cloudfront_interfaces(ec2: EC2Client, vpc_id: str) -> int:
    pages = ec2.get_paginator("describe_network_interfaces")
    found = pages.paginate(Filters=[{"Name": "vpc-id", "Values": [vpc_id]}])
    return sum(
        _CLOUDFRONT.lower() in interface.get("Description", "").lower()
        for page in found
        for interface in page["NetworkInterfaces"]
    )
