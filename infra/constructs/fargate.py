"""The service that keeps the tasks running, and how new ones replace old ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from constructs import Construct

from infra.constructs.acknowledge import acknowledge
from infra.constructs.network import task_subnets, tasks_are_public

if TYPE_CHECKING:
    from infra.settings import Environment
    from infra.settings.environment import Autoscaling, Deployment

ON_DEMAND, SPOT = "FARGATE", "FARGATE_SPOT"


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
        self.cluster = _make_cluster(self, vpc, may_execute=settings.execute_command)
        self.service = ecs.FargateService(
            self,
            "Service",
            cluster=self.cluster,
            task_definition=task_definition,
            # With autoscaling the number is left alone, or each deployment would set it back.
            desired_count=None if settings.autoscaling else settings.tasks,
            min_healthy_percent=100,
            max_healthy_percent=200,
            # Moving a running task to another zone would cut its conversations.
            availability_zone_rebalancing=ecs.AvailabilityZoneRebalancing.DISABLED,
            vpc_subnets=task_subnets(environment),
            assign_public_ip=tasks_are_public(environment),
            security_groups=[_make_firewall(self, vpc)],
            capacity_provider_strategies=[
                ecs.CapacityProviderStrategy(
                    capacity_provider=SPOT if settings.spot else ON_DEMAND, weight=1
                )
            ],
            enable_execute_command=settings.execute_command,
            health_check_grace_period=cdk.Duration.seconds(60),
            enable_ecs_managed_tags=True,
            propagate_tags=ecs.PropagatedTagSource.SERVICE,
            **_deployment(settings.deployment, rollback_alarms),
        )
        # A task can't start before its role may fetch image and secrets, and a cluster can't
        # give a provider up before the service on it is gone.
        self.service.node.add_dependency(
            task_definition.obtain_execution_role(), _add_capacity(self, self.cluster)
        )
        if settings.deployment.strategy == "blue_green":
            cdk.Annotations.of(self.service).acknowledge_warning(
                "@aws-cdk/aws-ecs:shouldUseCircuitBreaker", "It knows rolling deployments only."
            )
        if settings.autoscaling:
            _scale(self.service, settings.tasks, settings.autoscaling)
        if settings.execute_command:
            reason = (
                "The channels of ECS Exec have no ARNs: "
                "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html"
            )
            acknowledge(task_definition.task_role, **{"IAM5[Resource::*]": reason})


def _make_cluster(scope: Construct, vpc: ec2.IVpc, *, may_execute: bool) -> ecs.Cluster:
    """Return the cluster. Sessions of ECS Exec are in CloudTrail; a log would need every group."""
    no_log = ecs.ExecuteCommandConfiguration(logging=ecs.ExecuteCommandLogging.NONE)
    cluster = ecs.Cluster(
        scope,
        "Cluster",
        vpc=vpc,
        container_insights_v2=ecs.ContainerInsights.DISABLED,
        execute_command_configuration=no_log if may_execute else None,
    )
    acknowledge(
        cluster,
        ECS4="Container Insights costs more than a small task; the load balancer's and the "
        "service's free metrics carry the alarms.",
    )
    return cluster


def _add_capacity(
    scope: Construct, cluster: ecs.Cluster
) -> ecs.CfnClusterCapacityProviderAssociations:
    """Make both kinds of Fargate known to the cluster, so that spot is one setting.

    Not the cluster's own switch, after which the service would not wait for it.
    """
    return ecs.CfnClusterCapacityProviderAssociations(
        scope,
        "Capacity",
        cluster=cluster.cluster_name,
        capacity_providers=[ON_DEMAND, SPOT],
        default_capacity_provider_strategy=[],
    )


def _make_firewall(scope: Construct, vpc: ec2.IVpc) -> ec2.SecurityGroup:
    """Let the load balancer in (by the targets) and HTTPS out; an agent that needs more adds it."""
    group = ec2.SecurityGroup(
        scope,
        "Firewall",
        vpc=vpc,
        description="Tasks of the Speech Engine server",
        allow_all_outbound=False,
    )
    group.add_egress_rule(
        ec2.Peer.any_ipv4(), ec2.Port.tcp(443), "AWS, ElevenLabs and language models"
    )
    return group


def _deployment(deployment: Deployment, rollback_alarms: list[cloudwatch.Alarm]) -> dict[str, Any]:
    """Return the properties of the chosen strategy.

    The circuit breaker knows rolling deployments only; blue/green goes back by alarms.
    """
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


def _scale(service: ecs.FargateService, tasks: int, autoscaling: Autoscaling) -> None:
    count = service.auto_scale_task_count(min_capacity=tasks, max_capacity=autoscaling.max_tasks)
    count.scale_on_cpu_utilization(
        "Cpu",
        target_utilization_percent=autoscaling.cpu_percent,
        scale_out_cooldown=cdk.Duration.minutes(1),
        scale_in_cooldown=cdk.Duration.minutes(15),
    )
