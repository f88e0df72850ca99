"""What the server's log tells of its models, counted: what alarms and the dashboard show.

A filter publishes only when a line comes, so that a quiet month costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.constructs.alarm import add_alarm
from infra.names import APPLICATION

if TYPE_CHECKING:
    from aws_cdk import aws_cloudwatch as cloudwatch
    from aws_cdk import aws_sns as sns

    from infra.settings import Environment

_PERIOD = cdk.Duration.minutes(5)


class ModelMetrics(Construct):
    """One metric for each event, without dimensions: models are named in the lines themselves."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        log_group: logs.ILogGroup,
    ) -> None:
        super().__init__(scope, construct_id)
        self._namespace = f"{APPLICATION}/{environment.name}"
        self._log_group = log_group
        self.switched = self._count("Switched", "model switched")
        self.rested = self._count("Rested", "model rested")
        self.refused = self._count("Refused", "model refused")
        self.failed = self._count("Failed", "answer failed")

    @property
    def all(self) -> list[cloudwatch.IMetric]:
        """Every one of them, the harmless ones first."""
        return [self.switched, self.rested, self.refused, self.failed]

    def add_alarms(self, topic: sns.ITopic) -> None:
        """Tell somebody when users hear apologies, and when a model will never answer."""
        add_alarm(
            self,
            "AnswersFail",
            topic=topic,
            metric=self.failed,
            at_least=3,
            description="No model answers, so users hear the apology: read the server's log.",
        )
        add_alarm(
            self,
            "ModelRefuses",
            topic=topic,
            metric=self.refused,
            at_least=1,
            description="A model refuses its key or its name: the server's log says why.",
        )

    def _count(self, construct_id: str, event: str) -> cloudwatch.Metric:
        return logs.MetricFilter(
            self,
            construct_id,
            log_group=self._log_group,
            filter_pattern=logs.FilterPattern.string_value("$.event", "=", event),
            metric_namespace=self._namespace,
            metric_name=event,
            metric_value="1",
        ).metric(statistic="Sum", period=_PERIOD, label=event)
