"""Holds a deployment back while the API key is missing, and says what to type."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
from constructs import Construct

from infra.constructs.python_function import PythonFunction

if TYPE_CHECKING:
    from aws_cdk import aws_secretsmanager as secretsmanager

    from infra.settings import Environment


class KeyGate(Construct):
    """Fails within a minute while the secret is empty: tasks without a key could not start.

    `resource` is what everything that takes long has to wait for.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        secret: secretsmanager.ISecret,
    ) -> None:
        super().__init__(scope, construct_id)
        function = PythonFunction(
            self,
            "Guard",
            name="key_gate",
            environment=environment,
            variables={},
            timeout=cdk.Duration.minutes(1),
            description="Fails while the ElevenLabs API key is missing",
        ).function
        secret.grant_read(function)
        self.resource = cdk.CustomResource(
            self,
            "Gate",
            service_token=function.function_arn,
            resource_type="Custom::KeyGate",
            service_timeout=cdk.Duration.minutes(2),
            properties={"SecretArn": secret.secret_arn, "Environment": environment.name},
        )
        self.resource.node.add_dependency(function)
