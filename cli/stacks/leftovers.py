"""What CloudFormation leaves behind when stacks go, and what it stumbles over.

Each function does one thing about it and says so; none fails because the thing is gone already.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from cli.errors import CommandError
from cli.stacks.account import STACKS

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.type_defs import NetworkInterfaceTypeDef
    from mypy_boto3_logs import CloudWatchLogsClient

    from cli.stacks.account import Account

_POLL_SECONDS = 15.0
# CloudFront takes its interfaces out of the VPC some minutes after its distribution is gone.
_INTERFACES_WITHIN_SECONDS = 30 * 60.0
# Made by CloudFront with the first VPC origin of a VPC, which can't be deleted while it is there:
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-vpc-origins.html
_ORIGIN_GROUP = "CloudFront-VPCOrigins-Service-SG"
_FUNCTION_LOGS = "/aws/lambda/"
_VALIDATION = ".acm-validations.aws."


def stop_access_logs(account: Account) -> None:
    """Stop the load balancer from writing into a bucket that is being emptied."""
    _change_balancer(account, {"access_logs.s3.enabled": "false"})


def empty_access_log(account: Account) -> None:
    """Delete what is in the access log's bucket, since only an empty one can go with its stack."""
    bucket = account.first("Realtime", "AWS::S3::Bucket")
    if bucket is not None:
        account.session.resource("s3").Bucket(bucket.physical_id).object_versions.delete()


def release_failed_creations(account: Account, *, tell: Callable[[str], object] = print) -> None:
    """Take the protection from stacks that never came up, so that the CDK can make them anew.

    It protects a stack before it fills it, and deletes one whose first creation failed.
    """
    for stack in STACKS:
        if not account.failed_creation(stack):
            continue
        tell(f"{account.stack_name(stack)} failed to be created last time; it is made anew")
        _release(account, stack)


def abandon_creation(account: Account) -> bool:
    """Delete the Realtime stack if it is being created, which ends that; returns whether it was.

    Only a stack that never came up is touched. Protection can be taken off in any state:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-protect-stacks.html
    """
    if not account.is_being_created("Realtime"):
        return False
    _release(account, "Realtime")
    name = account.stack_name("Realtime")
    account.session.client("cloudformation").delete_stack(StackName=name)
    return True


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


def remove_origin_group(account: Account) -> None:
    """Delete the security group that CloudFront may leave in a VPC which goes too."""
    from botocore.exceptions import ClientError

    vpc = account.first("Foundation", "AWS::EC2::VPC")
    if vpc is None:
        return
    ec2 = account.session.client("ec2")
    found = ec2.describe_security_groups(
        Filters=[
            {"Name": "vpc-id", "Values": [vpc.physical_id]},
            {"Name": "group-name", "Values": [_ORIGIN_GROUP]},
        ]
    )
    for group in found["SecurityGroups"]:
        try:
            ec2.delete_security_group(GroupId=group["GroupId"])
        except ClientError as error:
            if error.response["Error"]["Code"] != "InvalidGroup.NotFound":
                raise


def log_groups(account: Account) -> set[str]:
    """The log groups of all that the stacks hold, some of which functions will make anew."""
    found = [item for stack in STACKS for item in account.resources(stack)]
    own = {item.physical_id for item in found if item.kind == "AWS::Logs::LogGroup"}
    functions = {item.physical_id for item in found if item.kind == "AWS::Lambda::Function"}
    return own | {f"{_FUNCTION_LOGS}{name}" for name in functions}


def remove_log_groups(account: Account, known: set[str]) -> list[str]:
    """Delete `known` log groups, and what earlier attempts left; returns those that were there.

    By whole stack names: another environment's name may begin with this one's.
    """
    logs = account.session.client("logs")
    stacks = [f"{account.stack_name(stack)}-" for stack in STACKS]
    names = known | {
        group["logGroupName"]
        for stack in stacks
        for prefix in (f"{_FUNCTION_LOGS}{stack}", stack)
        for page in logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=prefix)
        for group in page["logGroups"]
    }
    return [name for name in sorted(names) if _delete_log_group(logs, name)]


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


def _release(account: Account, stack: str) -> None:
    account.session.client("cloudformation").update_termination_protection(
        StackName=account.stack_name(stack), EnableTerminationProtection=False
    )
    if stack == "Realtime":
        attributes = ("deletion_protection.enabled", "access_logs.s3.enabled")
        _change_balancer(account, dict.fromkeys(attributes, "false"))
        empty_access_log(account)


def _change_balancer(account: Account, attributes: dict[str, str]) -> None:
    balancer = account.first("Realtime", "AWS::ElasticLoadBalancingV2::LoadBalancer")
    if balancer is None:
        return
    from botocore.exceptions import ClientError

    try:
        account.session.client("elbv2").modify_load_balancer_attributes(
            LoadBalancerArn=balancer.physical_id,
            Attributes=[{"Key": key, "Value": value} for key, value in attributes.items()],
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "LoadBalancerNotFound":
            raise


def _cloudfront_interfaces(ec2: EC2Client, vpc_id: str) -> int:
    pages = ec2.get_paginator("describe_network_interfaces")
    found = pages.paginate(Filters=[{"Name": "vpc-id", "Values": [vpc_id]}])
    return sum(
        _is_cloudfronts(interface) for page in found for interface in page["NetworkInterfaces"]
    )


def _is_cloudfronts(interface: NetworkInterfaceTypeDef) -> bool:
    groups = {group["GroupName"] for group in interface.get("Groups", [])}
    return _ORIGIN_GROUP in groups or "cloudfront" in interface.get("Description", "").lower()


def _delete_log_group(logs: CloudWatchLogsClient, name: str) -> bool:
    from botocore.exceptions import ClientError

    try:
        logs.delete_log_group(logGroupName=name)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        return False
    return True
