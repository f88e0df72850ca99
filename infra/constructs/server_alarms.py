"""What is watched about the server, from metrics that AWS keeps at no charge.

Some of it ends a blue/green deployment by itself; all of it tells a person where there is one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk.aws_cloudwatch_actions import SnsAction
from constructs import Construct

if TYPE_CHECKING:
    from aws_cdk import aws_dynamodb as dynamodb
    from aws_cdk import aws_ecs as ecs
    from aws_cdk import aws_sns as sns

_AT_LEAST = cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
_BELOW = cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD
_MINUTE = cdk.Duration.minutes(1)


class ServerAlarms(Construct):
    """Alarms of one environment's server. Without a topic, add only what a deployment watches."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        balancer: elbv2.ApplicationLoadBalancer,
        groups: list[elbv2.ApplicationTargetGroup],
        topic: sns.ITopic | None,
    ) -> None:
        super().__init__(scope, construct_id)
        self._topic = topic
        self._balancer = balancer
        self._groups = groups

    def add_rollback_alarms(self) -> list[cloudwatch.Alarm]:
        """Return the alarms that end a deployment: each is quiet while a service is first made."""
        return [
            self._add(
                "UnhealthyTasks",
                "Tasks fail the load balancer's check: read the server's log from its start on.",
                self._sum("UnHealthyHostCount", "Maximum"),
                threshold=1,
                minutes=5,
            ),
            self._add(
                "BalancerErrors",
                "The load balancer answers callers with 5xx itself: are there healthy tasks?",
                self._balancer.metrics.custom(
                    "HTTPCode_ELB_5XX_Count", statistic="Sum", period=_MINUTE
                ),
                threshold=5,
                minutes=2,
            ),
            self._add(
                "ConnectionErrors",
                "The load balancer can't connect to tasks: do they die, or hang?",
                self._sum("TargetConnectionErrorCount", "Sum"),
                threshold=5,
                minutes=2,
            ),
        ]

    def add_service_alarms(self, service: ecs.FargateService, table: dynamodb.TableV2) -> None:
        """Add what only a person can judge."""
        nobody = self._add(
            "NobodyAnswers",
            "No task takes conversations: read the service's events, then the server's log.",
            self._sum("HealthyHostCount", "Maximum"),
            threshold=1,
            minutes=3,
            operator=_BELOW,
            missing=cloudwatch.TreatMissingData.BREACHING,
        )
        nobody.node.add_dependency(service)  # before its first tasks, nobody can answer
        self._add(
            "ServerErrors",
            "The server answers 5xx: 503 means that it is full; add tasks or raise the limit.",
            self._sum("HTTPCode_Target_5XX_Count", "Sum"),
            threshold=5,
            minutes=5,
        )
        self._add(
            "CpuHigh",
            "Tasks have no CPU left, so answers come late: add tasks, or make them bigger.",
            service.metric_cpu_utilization(statistic="Maximum", period=_MINUTE),
            threshold=90,
            minutes=5,
        )
        self._add(
            "MemoryHigh",
            "A task is about to run out of memory, which ends its conversations.",
            service.metric_memory_utilization(statistic="Maximum", period=_MINUTE),
            threshold=90,
            minutes=5,
        )
        self._add(
            "TranscriptsThrottled",
            "DynamoDB turns writes away: the server holds transcripts back in memory.",
            table.metric("WriteThrottleEvents", statistic="Sum", period=_MINUTE),
            threshold=1,
            minutes=5,
        )

    def _sum(self, name: str, statistic: str) -> cloudwatch.IMetric:
        """Return a metric of all target groups together: which one is live, ECS decides.

        The idle one has no data, hence SUM and FILL.
        """
        metrics = [
            group.metrics.custom(name, statistic=statistic, period=_MINUTE)
            for group in self._groups
        ]
        if len(metrics) == 1:
            return metrics[0]
        return cloudwatch.MathExpression(
            expression=f"SUM([{', '.join(f'FILL(m{each}, 0)' for each in range(len(metrics)))}])",
            using_metrics={f"m{index}": metric for index, metric in enumerate(metrics)},
            label=name,
            period=_MINUTE,
        )

    def _add(
        self,
        construct_id: str,
        description: str,
        metric: cloudwatch.IMetric,
        *,
        threshold: float,
        minutes: int,
        operator: cloudwatch.ComparisonOperator = _AT_LEAST,
        missing: cloudwatch.TreatMissingData = cloudwatch.TreatMissingData.NOT_BREACHING,
    ) -> cloudwatch.Alarm:
        """Add an alarm that rings when each of `minutes` minutes passes the threshold."""
        alarm = cloudwatch.Alarm(
            self,
            construct_id,
            alarm_description=description,
            metric=metric,
            threshold=threshold,
            evaluation_periods=minutes,
            comparison_operator=operator,
            treat_missing_data=missing,
        )
        if self._topic:
            alarm.add_alarm_action(SnsAction(self._topic))
            alarm.add_ok_action(SnsAction(self._topic))
        return alarm
