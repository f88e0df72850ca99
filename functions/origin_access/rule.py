"""One ingress rule: which group's members reach which group's port. Knows no requests.

CloudFront's VPC origins of a VPC share one security group, which CloudFront itself makes:
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-vpc-origins.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.type_defs import IpPermissionTypeDef

SOURCE_GROUP_NAME = "CloudFront-VPCOrigins-Service-SG"
_RULE_ID = re.compile(r"(?P<group>sg-\w+)/(?P<port>\d+)/(?P<source>sg-\w+)")
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
_THERE_ALREADY = frozenset({"InvalidPermission.Duplicate"})
_GONE_ALREADY = frozenset(
    {"InvalidPermission.NotFound", "InvalidGroup.NotFound", "InvalidSecurityGroupID.NotFound"}
)


@dataclass(frozen=True, slots=True)
class Rule:
    """Members of `source` may open TCP connections to `port` of `group`'s members."""

    group: str
    port: int
    source: str

    def __str__(self) -> str:
        return f"{self.group}/{self.port}/{self.source}"

    def open(self, client: EC2Client) -> None:
        """Make the rule; one that is there already will do."""
        try:
            client.authorize_security_group_ingress(
                GroupId=self.group, IpPermissions=[self._permission]
            )
        except ClientError as error:
            _pass_over(error, _THERE_ALREADY)

    def close(self, client: EC2Client) -> None:
        """Take the rule away; one that is gone already will do."""
        try:
            client.revoke_security_group_ingress(
                GroupId=self.group, IpPermissions=[self._permission]
            )
        except ClientError as error:
            _pass_over(error, _GONE_ALREADY)

    @property
    def _permission(self) -> IpPermissionTypeDef:
        return {
            "IpProtocol": "tcp",
            "FromPort": self.port,
            "ToPort": self.port,
            "UserIdGroupPairs": [{"GroupId": self.source}],
        }


def parse_rule(text: str | None) -> Rule | None:
    """Read back what `str(rule)` wrote; None for anything else."""
    match = _RULE_ID.fullmatch(text or "")
    return Rule(match["group"], int(match["port"]), match["source"]) if match else None


def find_source(client: EC2Client, vpc_id: str) -> str | None:
    """The security group of CloudFront's VPC origins in a VPC, once CloudFront has made it."""
    answer = client.describe_security_groups(
        Filters=[
            {"Name": "vpc-id", "Values": [vpc_id]},
            {"Name": "group-name", "Values": [SOURCE_GROUP_NAME]},
        ]
    )
    groups = answer["SecurityGroups"]
    return groups[0]["GroupId"] if groups else None


def _pass_over(error: ClientError, harmless: frozenset[str]) -> None:
    if error.response["Error"]["Code"] not in harmless:
        raise error
