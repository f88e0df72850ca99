"""What ElevenLabs and browsers are told: the Speech Engine, and the endpoint for its tokens."""

from __future__ import annotations

from aws_cdk import CfnOutput
from constructs import Construct

from infra.constructs.dashboard import EnvironmentDashboard
from infra.constructs.engine_resource import EngineResource
from infra.constructs.routes import TOKEN_PATH, TRANSCRIPTS_PATH
from infra.constructs.token_alarms import TokenAlarms
from infra.constructs.token_api import TokenApi
from infra.constructs.transcript_api import TranscriptApi
from infra.settings import Environment
from infra.stacks.environment_stack import EnvironmentStack
from infra.stacks.foundation import Foundation
from infra.stacks.realtime import Realtime


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
        self.engine_id = self._make_engine(environment, foundation, realtime).engine_id
        self._token = TokenApi(
            self,
            "Token",
            environment=environment,
            engine_id=self.engine_id,
            api_key=foundation.api_key,
            header_secret=foundation.header_secret,
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
            models=realtime.models,
            transcripts=realtime.transcripts,
        )
        if foundation.alarm_topic:
            TokenAlarms(
                self,
                "TokenAlarms",
                topic=foundation.alarm_topic,
                api=self._token.api,
                function=self._token.function,
            )
        self._add_outputs(dashboard.url)
        if environment.transcripts.api:
            self._add_reading(environment, foundation)

    def _make_engine(
        self, environment: Environment, foundation: Foundation, realtime: Realtime
    ) -> EngineResource:
        engine = EngineResource(
            self,
            "Engine",
            environment=environment,
            api_key=foundation.api_key,
            header_secret=foundation.header_secret,
            websocket_url=realtime.websocket_url,
        )
        for dependency in realtime.engine_dependencies:
            engine.resource.node.add_dependency(dependency)
        return engine

    def _add_reading(self, environment: Environment, foundation: Foundation) -> None:
        # Settings without either are refused where they are read.
        assert self._token.authorizer
        assert environment.transcripts.api_scope
        TranscriptApi(
            self,
            "Transcripts",
            environment=environment,
            api=self._token.api,
            authorizer=self._token.authorizer,
            reader_scope=environment.transcripts.api_scope,
            table=foundation.table,
        )
        url = f"{self._token.url}{TRANSCRIPTS_PATH}"
        CfnOutput(self, "TranscriptsUrl", value=url, description="Where transcripts are read")

    def _add_outputs(self, dashboard_url: str) -> None:
        """State what people and the terminal programs look up."""
        for name, value, description in (
            ("TokenUrl", f"{self._token.url}{TOKEN_PATH}", "Where browsers get tokens"),
            ("EngineId", self.engine_id, "The Speech Engine"),
            ("DashboardUrl", dashboard_url, "What to look at first"),
        ):
            CfnOutput(self, name, value=value, description=description)
