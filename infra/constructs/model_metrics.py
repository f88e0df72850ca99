"""What the server's log tells of its models, counted: what alarms and the dashboard show."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from constructs import Construct

from infra.constructs.alarm import add_alarm
from infra.constructs.event_metric import count_event

if TYPE_CHECKING:
    from aws_cdk import aws_cloudwatch as cloudwatch
    from aws_cdk import aws_logs as logs
    from aws_cdk import aws_sns as sns

    from infra.settings import Environment


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
        count = partial(count_event, self, environment=environment, log_group=log_group)
        self.switched = count("Switched", event="model switched")
        self.rested = count("Rested", event="model rested")
        self.refused = count("Refused", event="model refused")
        self.failed = count("Failed", event="answer failed")

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
