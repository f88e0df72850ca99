"""The first page for the person on call: one dashboard over the whole environment.

Shows metrics that AWS keeps anyway, and what the server's log tells of models and transcripts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

if TYPE_CHECKING:
    from aws_cdk import aws_apigatewayv2 as apigateway
    from aws_cdk import aws_dynamodb as dynamodb
    from aws_cdk import aws_ecs as ecs
    from aws_cdk import aws_elasticloadbalancingv2 as elb
    from aws_cdk import aws_lambda as lambda_
    from aws_cdk import aws_logs as logs

    from infra.constructs.model_metrics import ModelMetrics
    from infra.constructs.transcript_metrics import TranscriptMetrics

_WIDTH = 8
_FULL_WIDTH = 24


class EnvironmentDashboard(Construct):
    """Conversations, service, token endpoint, table, models, and the latest errors logged."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        load_balancer: elb.IApplicationLoadBalancer,
        service: ecs.FargateService,
        service_log: logs.ILogGroup,
        token_api: apigateway.HttpApi,
        token_function: lambda_.IFunction,
        table: dynamodb.ITableV2,
        models: ModelMetrics,
        transcripts: TranscriptMetrics,
    ) -> None:
        super().__init__(scope, construct_id)
        dashboard = cloudwatch.Dashboard(self, "Dashboard")
        dashboard.add_widgets(*_conversations(load_balancer), _service(service))
        dashboard.add_widgets(*_token_endpoint(token_api, token_function), _table(table))
        dashboard.add_widgets(
            _half("Models that did not answer", models.all),
            _half("Transcripts that the table did not take, lines in the log", transcripts.all),
        )
        dashboard.add_widgets(_errors(service_log))
        region = Stack.of(self).region
        self.url = (
            f"https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}"
            f"#dashboards/dashboard/{dashboard.dashboard_name}"
        )


def _conversations(balancer: elb.IApplicationLoadBalancer) -> list[cloudwatch.IWidget]:
    metrics = balancer.metrics
    return [
        _graph(
            "Connections at the load balancer",
            metrics.active_connection_count(),
            metrics.new_connection_count(),
            metrics.rejected_connection_count(),
        ),
        _graph(
            "Errors before the server",
            metrics.custom("HTTPCode_ELB_5XX_Count", statistic="Sum"),
            metrics.custom("HTTPCode_Target_5XX_Count", statistic="Sum"),
            metrics.target_connection_error_count(),
        ),
    ]


def _service(service: ecs.FargateService) -> cloudwatch.IWidget:
    return _graph(
        "Tasks, percent of what they have",
        service.metric_cpu_utilization(statistic="Maximum"),
        service.metric_memory_utilization(statistic="Maximum"),
    )


def _token_endpoint(
    api: apigateway.HttpApi, function: lambda_.IFunction
) -> list[cloudwatch.IWidget]:
    return [
        _graph(
            "Token requests",
            api.metric_count(statistic="Sum"),
            api.metric_client_error(statistic="Sum"),
            api.metric_server_error(statistic="Sum"),
            function.metric_throttles(),
        ),
        _graph(
            "Token latency, ms",
            api.metric_latency(statistic="p50"),
            api.metric_latency(statistic="p99"),
            function.metric_duration(statistic="p99"),
        ),
    ]


def _table(table: dynamodb.ITableV2) -> cloudwatch.IWidget:
    return _graph(
        "Transcript table",
        table.metric_consumed_write_capacity_units(),
        table.metric_consumed_read_capacity_units(),
        table.metric("WriteThrottleEvents", statistic="Sum"),
    )


def _half(title: str, metrics: list[cloudwatch.IMetric]) -> cloudwatch.IWidget:
    return cloudwatch.GraphWidget(title=title, width=_FULL_WIDTH // 2, left=metrics)


def _errors(log_group: logs.ILogGroup) -> cloudwatch.IWidget:
    return cloudwatch.LogQueryWidget(
        title="Latest errors of the server",
        width=_FULL_WIDTH,
        log_group_names=[log_group.log_group_name],
        query_lines=[
            "fields @timestamp, @message",
            'filter level in ["error", "critical"]',
            "sort @timestamp desc",
            "limit 50",
        ],
    )


def _graph(title: str, *metrics: cloudwatch.IMetric) -> cloudwatch.IWidget:
    return cloudwatch.GraphWidget(title=title, width=_WIDTH, left=list(metrics))
