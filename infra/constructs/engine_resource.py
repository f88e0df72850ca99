"""The Speech Engine as a resource of the stack: created, updated and deleted with it.

The function behind it may read the API key and the header secret and nothing else.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from aws_cdk import CustomResource, Duration
from constructs import Construct

from infra.constructs.python_function import PythonFunction
from infra.settings import engine_body
from infra.settings.headers import ID_HEADER, SECRET_HEADER

if TYPE_CHECKING:
    from aws_cdk import aws_secretsmanager as secretsmanager

    from infra.settings import Environment

# The function gives up before CloudFormation does, so that a person reads why.
_FUNCTION_MINUTES = 5
_SERVICE_MINUTES = 10


class EngineResource(Construct):
    """One Speech Engine that dials `websocket_url`; `engine_id` is known once it exists."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        api_key: secretsmanager.ISecret,
        header_secret: secretsmanager.ISecret,
        websocket_url: str,
    ) -> None:
        super().__init__(scope, construct_id)
        self.function = PythonFunction(
            self,
            "Function",
            name="engine",
            description="Creates, updates and deletes the Speech Engine",
            environment=environment,
            variables={
                "ELEVENLABS_URL": environment.elevenlabs.host,
                "ELEVENLABS_API_KEY_SECRET": api_key.secret_arn,
                "HEADER_SECRET": header_secret.secret_arn,
            },
            timeout=Duration.minutes(_FUNCTION_MINUTES),
        ).function
        for secret in (api_key, header_secret):
            secret.grant_read(self.function)
        self.resource = CustomResource(
            self,
            "Resource",
            resource_type="Custom::SpeechEngine",
            service_token=self.function.function_arn,
            service_timeout=Duration.minutes(_SERVICE_MINUTES),
            properties={
                # One text: CloudFormation would turn the numbers and switches in it into strings.
                "Engine": json.dumps(engine_body(environment), sort_keys=True),
                "WsUrl": websocket_url,
                "HeaderName": SECRET_HEADER,
                "IdHeader": ID_HEADER,
                "OnKeyRefused": environment.engine.on_key_refused,
                "Environment": environment.name,
            },
        )
        self.engine_id = self.resource.get_att_string("EngineId")
