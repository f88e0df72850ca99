"""The ECS cluster, and both kinds of Fargate on it."""

from __future__ import annotations

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from constructs import Construct

from infra.constructs.acknowledge import acknowledge

ON_DEMAND, SPOT = "FARGATE", "FARGATE_SPOT"


def make_cluster(
    scope: Construct, construct_id: str, *, vpc: ec2.IVpc, may_execute: bool
) -> ecs.Cluster:
    """Return the cluster. Sessions of ECS Exec are in CloudTrail; a log would need every group."""
    no_log = ecs.ExecuteCommandConfiguration(logging=ecs.ExecuteCommandLogging.NONE)
    cluster = ecs.Cluster(
        scope,
        construct_id,
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


def add_capacity(
    scope: Construct, construct_id: str, *, cluster: ecs.Cluster
) -> ecs.CfnClusterCapacityProviderAssociations:
    """Make both kinds of Fargate known to the cluster, so that spot is one setting.

    Not the cluster's own switch, after which the service would not wait for it.
    """
    return ecs.CfnClusterCapacityProviderAssociations(
        scope,
        construct_id,
        cluster=cluster.cluster_name,
        capacity_providers=[ON_DEMAND, SPOT],
        default_capacity_provider_strategy=[],
    )
