"""Holds a deployment back while an API key is missing, and says what to type."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
from constructs import Construct

from infra.constructs.python_function import PythonFunction

if TYPE_CHECKING:
    from aws_cdk import aws_secretsmanager as secretsmanager

    from infra.settings import Environment


class KeyGate(Construct):
    """Fails within a minute while a secret is empty: tasks without a key could not start.

    `secrets` go by name; `resources` are what everything that takes long has to wait for.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        secrets: dict[str, secretsmanager.ISecret],
    ) -> None:
        super().__init__(scope, construct_id)
        function = PythonFunction(
            self,
            "Guard",
            name="key_gate",
            environment=environment,
            variables={},
            timeout=cdk.Duration.minutes(1),
            description="Fails while an API key is missing",
        ).function
        self.resources: list[cdk.CustomResource] = []
        for name, secret in secrets.items():
            secret.grant_read(function)
            resource = cdk.CustomResource(
                self,
                name,
                service_token=function.function_arn,
                resource_type="Custom::KeyGate",
                service_timeout=cdk.Duration.minutes(2),
                properties={"SecretArn": secret.secret_arn, "Environment": environment.name},
            )
            resource.node.add_dependency(function)
            self.resources.append(resource)
