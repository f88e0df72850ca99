"""Alarms, each with somebody to tell: an environment without a topic has none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk.aws_cloudwatch_actions import SnsAction

if TYPE_CHECKING:
    from aws_cdk import aws_sns as sns
    from constructs import Construct


def add_alarm(
    scope: Construct,
    construct_id: str,
    *,
    topic: sns.ITopic,
    metric: cloudwatch.IMetric,
    at_least: float,
    periods: int = 1,
    description: str,
) -> cloudwatch.Alarm:
    """Add an alarm that rings when `metric` reaches `at_least` in each of `periods` periods.

    Silence is health: without data nothing rings. `description` says what to look at first.
    """
    alarm = cloudwatch.Alarm(
        scope,
        construct_id,
        metric=metric,
        threshold=at_least,
        evaluation_periods=periods,
        comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        alarm_description=description,
    )
    alarm.add_alarm_action(SnsAction(topic))
    alarm.add_ok_action(SnsAction(topic))
    return alarm
