"""A Lambda function from `functions/<name>`, with a role and a log group of its own.

Its role may write its log and nothing else: grants are made where both ends are known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.constructs.acknowledge import acknowledge
from infra.constructs.log_group import make_log_group
from infra.packaging import Platform, stage_function

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_cdk import Duration

    from infra.settings import Environment


class PythonFunction(Construct):
    """`functions/<name>/handler.py` on the platform that the environment chooses.

    `timeout` is the longest that one call may take. Raises PackagingError when the function can't
    be staged.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        environment: Environment,
        variables: Mapping[str, str],
        timeout: Duration,
        description: str | None = None,
        snap_start: bool = False,
    ) -> None:
        super().__init__(scope, construct_id)
        settings = environment.functions
        platform = Platform(python=settings.python, architecture=settings.architecture)
        log_group = make_log_group(self, "Log", days=settings.log_days)
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        log_group.grant_write(role)
        self.function = lambda_.Function(
            self,
            "Function",
            description=description,
            # Whoever imports from the folder leaves bytecode in it.
            code=lambda_.Code.from_asset(
                str(stage_function(name, platform)), exclude=["**/__pycache__"]
            ),
            handler=f"functions.{name}.handler.handler",
            runtime=_runtime(settings.python),
            architecture=lambda_.Architecture.custom(settings.architecture),
            memory_size=settings.memory_mib,
            timeout=timeout,
            environment=dict(variables),
            role=role,
            log_group=log_group,
            snap_start=lambda_.SnapStartConf.ON_PUBLISHED_VERSIONS if snap_start else None,
            # CloudFormation's calls are asynchronous, and a failure is answered: were Lambda to
            # repeat a Create by itself, it would make what no stack knows of.
            retry_attempts=0,
        )
        acknowledge(
            self.function,
            L1="The runtime is the setting functions.python: packages are locked for it.",
        )


def _runtime(python: str) -> lambda_.Runtime:
    return lambda_.Runtime(
        f"python{python}",
        lambda_.RuntimeFamily.PYTHON,
        # https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html
        supports_snap_start=python != "3.11",
    )
