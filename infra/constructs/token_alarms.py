"""What is wrong with the token endpoint, told to somebody: without tokens nobody talks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs import Construct

from infra.constructs.alarm import add_alarm

if TYPE_CHECKING:
    from aws_cdk import aws_apigatewayv2 as apigateway
    from aws_cdk import aws_lambda as lambda_
    from aws_cdk import aws_sns as sns

# A browser's user waits for a token before a word is said.
_SLOW_MS = 5_000


class TokenAlarms(Construct):
    """Four alarms on metrics that AWS keeps anyway.

    The engine's function has none: it runs in deployments, which fail by themselves.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        topic: sns.ITopic,
        api: apigateway.HttpApi,
        function: lambda_.IFunction,
    ) -> None:
        super().__init__(scope, construct_id)
        add_alarm(
            self,
            "Errors",
            topic=topic,
            metric=function.metric_errors(),
            at_least=1,
            periods=2,
            description="The token function crashes: read its log.",
        )
        add_alarm(
            self,
            "Throttles",
            topic=topic,
            metric=function.metric_throttles(),
            at_least=1,
            description="The account's Lambda concurrency is used up: browsers get no tokens.",
        )
        add_alarm(
            self,
            "Slow",
            topic=topic,
            metric=function.metric_duration(statistic="p90"),
            at_least=_SLOW_MS,
            periods=3,
            description="Tokens take long: look at ElevenLabs' status, then at the function's log.",
        )
        add_alarm(
            self,
            "ServerErrors",
            topic=topic,
            metric=api.metric_server_error(statistic="Sum"),
            at_least=5,
            periods=2,
            description="Browsers get no tokens, or readers no transcripts: is the API key valid? "
            "Read the functions' logs.",
        )
