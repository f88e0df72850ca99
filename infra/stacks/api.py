"""What ElevenLabs and browsers are told: the Speech Engine, and the endpoint for its tokens."""

from __future__ import annotations

from aws_cdk import CfnOutput
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra.constructs.alarm import add_alarm
from infra.constructs.dashboard import EnvironmentDashboard
from infra.constructs.engine_resource import EngineResource
from infra.constructs.routes import TOKEN_PATH
from infra.constructs.token_api import TokenApi
from infra.settings import Environment
from infra.stacks.environment_stack import EnvironmentStack
from infra.stacks.foundation import Foundation
from infra.stacks.realtime import Realtime

# A browser's user waits for a token before a word is said.
_SLOW_TOKEN_MS = 5_000


class Api(EnvironmentStack):
    """Comes after Realtime: the engine is told an address that answers."""

    def __init__(
        self,
        scope: Construct,
        part: str,
        *,
        environment: Environment,
        foundation: Foundation,
        realtime: Realtime,
    ) -> None:
        super().__init__(
            scope,
            part,
            environment=environment,
            description="Speech Engine: the engine itself, token endpoint, dashboard",
        )
        secrets = {"api_key": foundation.api_key, "header_secret": foundation.header_secret}
        engine = EngineResource(
            self,
            "Engine",
            environment=environment,
            websocket_url=realtime.websocket_url,
            **secrets,
        )
        for dependency in realtime.engine_dependencies:
            engine.resource.node.add_dependency(dependency)
        self.engine_id = engine.engine_id
        self._token = TokenApi(
            self, "Token", environment=environment, engine_id=self.engine_id, **secrets
        )
        self.api_domain = self._token.domain
        dashboard = EnvironmentDashboard(
            self,
            "Dashboard",
            load_balancer=realtime.load_balancer,
            service=realtime.service,
            service_log=realtime.log_group,
            token_api=self._token.api,
            token_function=self._token.function,
            table=foundation.table,
        )
        if foundation.alarm_topic:
            self._add_alarms(foundation.alarm_topic)
        self._add_outputs(dashboard.url)

    def _add_alarms(self, topic: sns.ITopic) -> None:
        function = self._token.function
        add_alarm(
            self,
            "TokenErrors",
            topic=topic,
            metric=function.metric_errors(),
            at_least=1,
            periods=2,
            description="The token function crashes: read its log.",
        )
        add_alarm(
            self,
            "TokenThrottles",
            topic=topic,
            metric=function.metric_throttles(),
            at_least=1,
            description="The account's Lambda concurrency is used up: browsers get no tokens.",
        )
        add_alarm(
            self,
            "TokenSlow",
            topic=topic,
            metric=function.metric_duration(statistic="p90"),
            at_least=_SLOW_TOKEN_MS,
            periods=3,
            description="Tokens take long: look at ElevenLabs' status, then at the function's log.",
        )
        add_alarm(
            self,
            "TokenServerErrors",
            topic=topic,
            metric=self._token.api.metric_server_error(statistic="Sum"),
            at_least=5,
            periods=2,
            description="Browsers get no tokens: is the API key valid? Read the function's log.",
        )

    def _add_outputs(self, dashboard_url: str) -> None:
        """State what people and the terminal programs look up."""
        for name, value, description in (
            ("TokenUrl", f"{self._token.url}{TOKEN_PATH}", "Where browsers get tokens"),
            ("EngineId", self.engine_id, "The Speech Engine"),
            ("DashboardUrl", dashboard_url, "What to look at first"),
        ):
            CfnOutput(self, name, value=value, description=description)
