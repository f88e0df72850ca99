"""The token endpoint: an HTTP API in front of the function that holds the API key.

Protection is the settings' choice: open, or for bearers of a JWT; throttled either way.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from aws_cdk import Annotations, Duration, Fn
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_lambda as lambda_
from aws_cdk.aws_apigatewayv2_authorizers import HttpJwtAuthorizer
from aws_cdk.aws_apigatewayv2_integrations import HttpLambdaIntegration
from constructs import Construct

from infra.constructs.acknowledge import acknowledge
from infra.constructs.log_group import make_log_group
from infra.constructs.python_function import PythonFunction
from infra.constructs.routes import HEALTH_PATH, SIGNED_URL_PATH, TOKEN_PATH

if TYPE_CHECKING:
    from aws_cdk import aws_secretsmanager as secretsmanager

    from infra.settings import Environment

# Less than the 29 s after which the HTTP API gives up:
# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
_FUNCTION_SECONDS = 25
_CORS_HOURS = 1
# No query string, no header, no claim: https://docs.aws.amazon.com/apigateway/latest/
# developerguide/http-api-logging-variables.html
_ACCESS_LOG = {
    "time": "$context.requestTime",
    "request_id": "$context.requestId",
    "source_ip": "$context.identity.sourceIp",
    "route": "$context.routeKey",
    "status": "$context.status",
    "latency_ms": "$context.responseLatency",
    "authorizer_error": "$context.authorizer.error",
    "integration_error": "$context.integrationErrorMessage",
}


class TokenApi(Construct):
    """`GET /api/token`, `/api/signed-url` and `/api/health`.

    `authorizer` lets bearers of the settings' JWT pass; None without such settings.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        api_key: secretsmanager.ISecret,
        header_secret: secretsmanager.ISecret,
        engine_id: str,
    ) -> None:
        super().__init__(scope, construct_id)
        self._settings = environment.token
        self.function = self._make_function(environment, api_key, header_secret, engine_id)
        self.api = apigateway.HttpApi(
            self,
            "Api",
            api_name=f"speech-engine-{environment.name}-token",
            description="Tokens for browsers that talk to the Speech Engine",
            create_default_stage=False,
            cors_preflight=self._cors(),
        )
        jwt = self._settings.jwt
        self.authorizer = (
            HttpJwtAuthorizer("Jwt", jwt.issuer, jwt_audience=list(jwt.audience)) if jwt else None
        )
        self._add_routes()
        self._add_stage(log_days=environment.functions.log_days)
        self.url = self.api.api_endpoint
        self.domain = Fn.select(2, Fn.split("/", self.url))

    def _make_function(
        self,
        environment: Environment,
        api_key: secretsmanager.ISecret,
        header_secret: secretsmanager.ISecret,
        engine_id: str,
    ) -> lambda_.Function:
        variables = {
            "ELEVENLABS_URL": environment.elevenlabs.host,
            "ELEVENLABS_API_KEY_SECRET": api_key.secret_arn,
            "SPEECH_ENGINE_ID": engine_id,
        }
        if self._settings.user_ticket:
            variables["USER_TICKET_SECRET"] = header_secret.secret_arn
        function = PythonFunction(
            self,
            "Function",
            name="token",
            description="Exchanges the API key for tokens that browsers may hold",
            environment=environment,
            variables=variables,
            timeout=Duration.seconds(_FUNCTION_SECONDS),
            snap_start=self._settings.snap_start,
        ).function
        api_key.grant_read(function)
        if self._settings.user_ticket:
            header_secret.grant_read(function)
        return function

    def _target(self) -> lambda_.IFunction:
        """Return what the API calls: a published version where snapshots are to be restored."""
        if not self._settings.snap_start:
            return self.function
        Annotations.of(self.function).acknowledge_warning(
            "@aws-cdk/aws-lambda:snapStartRequirePublish", "The API calls the version below."
        )
        return lambda_.Alias(self, "Live", alias_name="live", version=self.function.current_version)

    def _cors(self) -> apigateway.CorsPreflightOptions | None:
        if not self._settings.cors_origins:
            return None
        return apigateway.CorsPreflightOptions(
            allow_origins=list(self._settings.cors_origins),
            allow_methods=[apigateway.CorsHttpMethod.GET],
            allow_headers=["authorization"],
            max_age=Duration.hours(_CORS_HOURS),
        )

    def _add_routes(self) -> None:
        integration = HttpLambdaIntegration("Function", self._target())
        jwt = self._settings.jwt
        for path in (TOKEN_PATH, SIGNED_URL_PATH):
            routes = self.api.add_routes(
                path=path,
                methods=[apigateway.HttpMethod.GET],
                integration=integration,
                authorizer=self.authorizer,
                authorization_scopes=list(jwt.scopes) if jwt and jwt.scopes else None,
            )
            if jwt is None:
                for route in routes:
                    acknowledge(
                        route,
                        APIG4="An open token endpoint is what this environment's settings choose; "
                        "production refuses it, and the stage's throttle bounds it.",
                    )
        for route in self.api.add_routes(
            path=HEALTH_PATH, methods=[apigateway.HttpMethod.GET], integration=integration
        ):
            acknowledge(route, APIG4="Says that the function runs, and nothing else.")

    def _add_stage(self, *, log_days: int) -> None:
        stage = apigateway.HttpStage(
            self,
            "Stage",
            http_api=self.api,
            auto_deploy=True,
            throttle=apigateway.ThrottleSettings(
                rate_limit=self._settings.requests_per_second,
                burst_limit=self._settings.burst,
            ),
        )
        log_group = make_log_group(self, "AccessLog", days=log_days)
        resource = stage.node.default_child
        assert isinstance(resource, apigateway.CfnStage)
        resource.access_log_settings = apigateway.CfnStage.AccessLogSettingsProperty(
            destination_arn=log_group.log_group_arn, format=json.dumps(_ACCESS_LOG)
        )
