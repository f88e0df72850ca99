"""The load balancer before the tasks: its place, its firewall and its log, but no listener."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from constructs import Construct

from infra.constructs.access_log_bucket import make_access_log_bucket
from infra.constructs.network import load_balancer_subnets
from infra.settings.timing import idle_timeout_seconds

if TYPE_CHECKING:
    from infra.settings import Environment


class LoadBalancer(Construct):
    """Internet-facing with an own domain, internal behind CloudFront.

    `security_group` lets nobody in: whoever adds a listener opens its port.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, environment: Environment, vpc: ec2.IVpc
    ) -> None:
        super().__init__(scope, construct_id)
        self.security_group = ec2.SecurityGroup(
            self,
            "Firewall",
            vpc=vpc,
            description="Load balancer of the Speech Engine server",
            allow_all_outbound=False,
        )
        self.balancer = elbv2.ApplicationLoadBalancer(
            self,
            "Balancer",
            vpc=vpc,
            vpc_subnets=load_balancer_subnets(environment),
            internet_facing=environment.address.domain is not None,
            security_group=self.security_group,
            drop_invalid_header_fields=True,
            # Pings go both ways all the time, so only a dead connection is ever this quiet.
            idle_timeout=cdk.Duration.seconds(idle_timeout_seconds(environment)),
            deletion_protection=environment.data.deletion_protection,
        )
        self.log_bucket = make_access_log_bucket(
            self, "AccessLog", days=environment.service.log_days
        )
        self.balancer.log_access_logs(self.log_bucket)
