"""Opens the internal load balancer to CloudFront's network interfaces, once these exist."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.constructs.acknowledge import acknowledge
from infra.constructs.python_function import PythonFunction

if TYPE_CHECKING:
    from infra.settings import Environment


class OriginAccess(Construct):
    """A rule in the load balancer's security group that admits CloudFront's VPC origins.

    Their security group is made by CloudFront with the first VPC origin of a VPC, so no template
    can name it. `resource` is what has to wait for the way to be open.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        vpc: ec2.IVpc,
        security_group: ec2.SecurityGroup,
        port: int,
    ) -> None:
        super().__init__(scope, construct_id)
        function = PythonFunction(
            self,
            "Opener",
            name="origin_access",
            environment=environment,
            variables={},
            timeout=cdk.Duration.minutes(5),
            description="Lets CloudFront's VPC origins through to the load balancer",
        ).function
        self._grant(function, security_group)
        self.resource = cdk.CustomResource(
            self,
            "Opening",
            service_token=function.function_arn,
            resource_type="Custom::OriginAccess",
            service_timeout=cdk.Duration.minutes(10),
            properties={
                "VpcId": vpc.vpc_id,
                "SecurityGroupId": security_group.security_group_id,
                "Port": str(port),
            },
        )
        self.resource.node.add_dependency(function)

    def _grant(self, function: iam.IGrantable, security_group: ec2.SecurityGroup) -> None:
        group_arn = cdk.Stack.of(self).format_arn(
            service="ec2",
            resource="security-group",
            resource_name=security_group.security_group_id,
        )
        principal = function.grant_principal
        principal.add_to_principal_policy(
            iam.PolicyStatement(
                actions=[
                    "ec2:AuthorizeSecurityGroupIngress",
                    "ec2:RevokeSecurityGroupIngress",
                ],
                resources=[group_arn],
            )
        )
        principal.add_to_principal_policy(
            iam.PolicyStatement(actions=["ec2:DescribeSecurityGroups"], resources=["*"])
        )
        reason = (
            "DescribeSecurityGroups knows no resource but all of them: "
            "https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html"
        )
        acknowledge(self, **{"IAM5[Resource::*]": reason})
