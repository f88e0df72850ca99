"""What the load balancer sends conversations to, and the one rule that does it.

With blue/green ECS owns the rule's live weights: a change of rule or groups by CloudFormation
would reset them. Tests freeze both. https://github.com/aws/aws-cdk/issues/36649
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.constructs.acknowledge import acknowledge
from infra.names import PORT, READY_PATH, WS_PATH
from infra.settings.timing import deregistration_delay_seconds

if TYPE_CHECKING:
    from infra.settings import Environment

RULE_PRIORITY = 10


class Targets(Construct):
    """One target group, or for blue/green two that change places; `groups` has them all."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        vpc: ec2.IVpc,
        listener: elbv2.IApplicationListener,
    ) -> None:
        super().__init__(scope, construct_id)
        delay = cdk.Duration.seconds(deregistration_delay_seconds(environment))
        is_blue_green = environment.service.deployment.strategy == "blue_green"
        self.groups = [
            _make_group(self, name, vpc, delay)
            for name in (("Blue", "Green") if is_blue_green else ("Blue",))
        ]
        self.rule = elbv2.ApplicationListenerRule(
            self,
            "Rule",
            listener=listener,
            priority=RULE_PRIORITY,
            conditions=[elbv2.ListenerCondition.path_patterns([WS_PATH])],
            action=_forward(self.groups),
        )

    def attach(self, service: ecs.FargateService, *, container_name: str) -> None:
        """Make the service's tasks the targets; the rule exists before the service does."""
        service.node.add_dependency(self.rule)
        target = service.load_balancer_target(
            container_name=container_name,
            container_port=PORT,
            alternate_target=self._alternate() if len(self.groups) > 1 else None,
        )
        self.groups[0].add_target(target)

    def _alternate(self) -> ecs.AlternateTarget:
        return ecs.AlternateTarget(
            "Shift",
            alternate_target_group=self.groups[1],
            production_listener=ecs.ListenerRuleConfiguration.application_listener_rule(self.rule),
            role=_make_shifting_role(self),
        )


def _make_shifting_role(scope: Construct) -> iam.Role:
    """Return the role with which ECS moves the rule's weights and the targets."""
    policy = "AmazonECSInfrastructureRolePolicyForLoadBalancers"
    role = iam.Role(
        scope,
        "ShiftRole",
        assumed_by=iam.ServicePrincipal("ecs.amazonaws.com"),
        managed_policies=[iam.ManagedPolicy.from_aws_managed_policy_name(policy)],
    )
    finding = f"IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/{policy}]"
    reason = (
        "AWS maintains what ECS may do to a load balancer while it shifts traffic: "
        f"https://docs.aws.amazon.com/AmazonECS/latest/developerguide/{policy}.html"
    )
    acknowledge(role, **{finding: reason})
    return role


def _make_group(
    scope: Construct, name: str, vpc: ec2.IVpc, delay: cdk.Duration
) -> elbv2.ApplicationTargetGroup:
    return elbv2.ApplicationTargetGroup(
        scope,
        name,
        vpc=vpc,
        port=PORT,
        protocol=elbv2.ApplicationProtocol.HTTP,
        target_type=elbv2.TargetType.IP,
        deregistration_delay=delay,
        health_check=elbv2.HealthCheck(
            path=READY_PATH,
            healthy_http_codes="200",
            interval=cdk.Duration.seconds(10),
            timeout=cdk.Duration.seconds(5),
            healthy_threshold_count=2,
            unhealthy_threshold_count=3,
        ),
    )


def _forward(groups: list[elbv2.ApplicationTargetGroup]) -> elbv2.ListenerAction:
    if len(groups) == 1:
        return elbv2.ListenerAction.forward(groups)
    return elbv2.ListenerAction.weighted_forward(
        [
            elbv2.WeightedTargetGroup(target_group=group, weight=100 if index == 0 else 0)
            for index, group in enumerate(groups)
        ]
    )
