"""The service that keeps the tasks running, and how new ones replace old ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from constructs import Construct

from infra.constructs.acknowledge import acknowledge
from infra.constructs.cluster import ON_DEMAND, SPOT, add_capacity, make_cluster
from infra.constructs.network import task_subnets, tasks_are_public

if TYPE_CHECKING:
    from infra.settings import Environment
    from infra.settings.environment import Autoscaling, Deployment


class Fargate(Construct):
    """Cluster and service. `rollback_alarms` end a blue/green deployment that goes wrong."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        vpc: ec2.IVpc,
        task_definition: ecs.FargateTaskDefinition,
        rollback_alarms: list[cloudwatch.Alarm],
    ) -> None:
        super().__init__(scope, construct_id)
        settings = environment.service
        may_execute = settings.execute_command
        cluster = make_cluster(self, "Cluster", vpc=vpc, may_execute=may_execute)
        strategy = _strategy(settings.deployment, rollback_alarms)
        self.service = _make_service(self, environment, cluster, task_definition, strategy)
        # A task can't start before its role may fetch image and secrets, and a cluster can't
        # give a provider up before the service on it is gone.
        self.service.node.add_dependency(
            task_definition.obtain_execution_role(),
            add_capacity(self, "Capacity", cluster=cluster),
        )
        if settings.autoscaling:
            _scale(self.service, settings.tasks, settings.autoscaling)
        _acknowledge(self.service, may_execute=may_execute)


class _Strategy(TypedDict, total=False):
    """What a service is told about its deployments."""

    circuit_breaker: ecs.DeploymentCircuitBreaker
    deployment_strategy: ecs.DeploymentStrategy
    bake_time: cdk.Duration
    deployment_alarms: ecs.DeploymentAlarmConfig


def _strategy(deployment: Deployment, rollback_alarms: list[cloudwatch.Alarm]) -> _Strategy:
    """The circuit breaker knows rolling deployments only; blue/green goes back by alarms."""
    if deployment.strategy == "rolling":
        return {"circuit_breaker": ecs.DeploymentCircuitBreaker(enable=True, rollback=True)}
    return {
        "deployment_strategy": ecs.DeploymentStrategy.BLUE_GREEN,
        "bake_time": cdk.Duration.minutes(deployment.bake_minutes),
        "deployment_alarms": ecs.DeploymentAlarmConfig(
            alarm_names=[alarm.alarm_name for alarm in rollback_alarms],
            behavior=ecs.AlarmBehavior.ROLLBACK_ON_ALARM,
        ),
    }


def _make_service(
    scope: Construct,
    environment: Environment,
    cluster: ecs.Cluster,
    task_definition: ecs.FargateTaskDefinition,
    strategy: _Strategy,
) -> ecs.FargateService:
    settings = environment.service
    provider = SPOT if settings.spot else ON_DEMAND
    return ecs.FargateService(
        scope,
        "Service",
        cluster=cluster,
        task_definition=task_definition,
        # With autoscaling the number is left alone, or each deployment would set it back.
        desired_count=None if settings.autoscaling else settings.tasks,
        min_healthy_percent=100,
        max_healthy_percent=200,
        # Moving a running task to another zone would cut its conversations.
        availability_zone_rebalancing=ecs.AvailabilityZoneRebalancing.DISABLED,
        vpc_subnets=task_subnets(environment),
        assign_public_ip=tasks_are_public(environment),
        security_groups=[_make_firewall(scope, cluster.vpc, environment.agent.ports)],
        capacity_provider_strategies=[
            ecs.CapacityProviderStrategy(capacity_provider=provider, weight=1)
        ],
        enable_execute_command=settings.execute_command,
        health_check_grace_period=cdk.Duration.seconds(60),
        enable_ecs_managed_tags=True,
        propagate_tags=ecs.PropagatedTagSource.SERVICE,
        **strategy,
    )


def _make_firewall(scope: Construct, vpc: ec2.IVpc, ports: list[int]) -> ec2.SecurityGroup:
    """Let the load balancer in (by the targets) and HTTPS out; an agent that needs more adds it."""
    group = ec2.SecurityGroup(
        scope,
        "Firewall",
        vpc=vpc,
        description="Tasks of the Speech Engine server",
        allow_all_outbound=False,
    )
    for port in ports:
        group.add_egress_rule(
            ec2.Peer.any_ipv4(), ec2.Port.tcp(port), "AWS, ElevenLabs and language models"
        )
    return group


def _scale(service: ecs.FargateService, tasks: int, autoscaling: Autoscaling) -> None:
    count = service.auto_scale_task_count(min_capacity=tasks, max_capacity=autoscaling.max_tasks)
    count.scale_on_cpu_utilization(
        "Cpu",
        target_utilization_percent=autoscaling.cpu_percent,
        scale_out_cooldown=cdk.Duration.minutes(1),
        scale_in_cooldown=cdk.Duration.minutes(15),
    )


def _acknowledge(service: ecs.FargateService, *, may_execute: bool) -> None:
    cdk.Annotations.of(service).acknowledge_warning(
        "@aws-cdk/aws-ecs:shouldUseCircuitBreaker",
        "Rolling deployments do; blue/green ones have alarms.",
    )
    if may_execute:
        reason = (
            "The channels of ECS Exec have no ARNs: "
            "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html"
        )
        acknowledge(service.task_definition.task_role, **{"IAM5[Resource::*]": reason})
