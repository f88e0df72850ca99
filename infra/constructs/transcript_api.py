"""The read API of the transcript log: two routes of the token endpoint's API, for a few people.

Whoever reads it reads every conversation, so its routes ask for a scope of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Duration
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_iam as iam
from aws_cdk.aws_apigatewayv2_integrations import HttpLambdaIntegration
from constructs import Construct

from infra.constructs.python_function import PythonFunction
from infra.constructs.routes import TRANSCRIPT_PATH, TRANSCRIPTS_PATH
from infra.names import DAY_INDEX

if TYPE_CHECKING:
    from aws_cdk import aws_dynamodb as dynamodb

    from infra.settings import Environment

# Less than the 29 s after which the HTTP API gives up:
# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
_FUNCTION_SECONDS = 25


class TranscriptApi(Construct):
    """`GET /api/transcripts` and `/api/transcripts/{conversation_id}`.

    `reader_scope` has to be in the caller's token. CORS, throttle and access log are `api`'s.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        api: apigateway.HttpApi,
        authorizer: apigateway.IHttpRouteAuthorizer,
        reader_scope: str,
        table: dynamodb.ITableV2,
    ) -> None:
        super().__init__(scope, construct_id)
        function = PythonFunction(
            self,
            "Function",
            name="transcripts",
            description="Reads the transcript log",
            environment=environment,
            variables={
                "TRANSCRIPT_TABLE": table.table_name,
                "TRANSCRIPT_SHARDS": str(environment.transcripts.shards),
            },
            timeout=Duration.seconds(_FUNCTION_SECONDS),
        ).function
        # Not `table.grant`, which would add every index.
        function.add_to_role_policy(
            iam.PolicyStatement(
                actions=["dynamodb:Query"],
                resources=[table.table_arn, f"{table.table_arn}/index/{DAY_INDEX}"],
            )
        )
        integration = HttpLambdaIntegration("Transcripts", function)
        for path in (TRANSCRIPTS_PATH, TRANSCRIPT_PATH):
            api.add_routes(
                path=path,
                methods=[apigateway.HttpMethod.GET],
                integration=integration,
                authorizer=authorizer,
                authorization_scopes=[reader_scope],
            )
