"""Events of the server's log, counted: what alarms and the dashboard show of them.

A filter publishes only when a line comes, so that a quiet month costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_logs as logs

from infra.names import APPLICATION

if TYPE_CHECKING:
    from aws_cdk import aws_cloudwatch as cloudwatch
    from constructs import Construct

    from infra.settings import Environment

_PERIOD = cdk.Duration.minutes(5)


def count_event(
    scope: Construct,
    construct_id: str,
    *,
    environment: Environment,
    log_group: logs.ILogGroup,
    event: str,
) -> cloudwatch.Metric:
    """Return how often the log tells `event`; a metric without dimensions, named after it."""
    return logs.MetricFilter(
        scope,
        construct_id,
        log_group=log_group,
        filter_pattern=logs.FilterPattern.string_value("$.event", "=", event),
        metric_namespace=f"{APPLICATION}/{environment.name}",
        metric_name=event,
        metric_value="1",
    ).metric(statistic="Sum", period=_PERIOD, label=event)
