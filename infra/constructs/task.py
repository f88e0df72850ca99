"""The task: the server's image, its environment and secrets, and what it may do in AWS."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.constructs.acknowledge import acknowledge
from infra.constructs.bedrock_access import allow_bedrock
from infra.constructs.log_group import make_log_group
from infra.constructs.task_environment import HEADER_SECRET, task_environment
from infra.names import PORT
from infra.settings.providers import PROVIDERS
from infra.settings.timing import STOP_TIMEOUT_SECONDS

if TYPE_CHECKING:
    from infra.settings import Environment
    from infra.stacks.foundation import Foundation

CHECKOUT = Path(__file__).parents[2]
CONTAINER = "server"
# What AWS saw lose nothing at some megabytes a second; its default is 10: https://aws.amazon.com/
# blogs/containers/preventing-log-loss-with-non-blocking-mode-in-the-awslogs-container-log-driver/
_LOG_BUFFER_MIB = 25
_GROUPS = {provider.packages for provider in PROVIDERS.values() if provider.packages}
_PLATFORMS = {
    "arm64": (ecr_assets.Platform.LINUX_ARM64, ecs.CpuArchitecture.ARM64),
    "x86_64": (ecr_assets.Platform.LINUX_AMD64, ecs.CpuArchitecture.X86_64),
}


class Task(Construct):
    """`definition` is the task definition, `log_group` has its output.

    ECS Exec writes to the root file system, so where settings allow it the root is writable.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        foundation: Foundation,
    ) -> None:
        super().__init__(scope, construct_id)
        service = environment.service
        self.log_group = make_log_group(self, "Log", days=service.log_days)
        self.definition = ecs.FargateTaskDefinition(
            self,
            "Definition",
            cpu=service.cpu,
            memory_limit_mib=service.memory_mib,
            runtime_platform=ecs.RuntimePlatform(
                cpu_architecture=_PLATFORMS[service.architecture][1],
                operating_system_family=ecs.OperatingSystemFamily.LINUX,
            ),
        )
        self._add_container(environment, foundation)
        # Not `table.grant`, which would add every index.
        self.definition.add_to_task_role_policy(
            iam.PolicyStatement(
                actions=["dynamodb:BatchWriteItem"], resources=[foundation.table.table_arn]
            )
        )
        allow_bedrock(self.definition, environment.agent)
        _acknowledge(self.definition)

    def _add_container(self, environment: Environment, foundation: Foundation) -> None:
        service = environment.service
        self.definition.add_container(
            CONTAINER,
            image=self._image(service.architecture, environment.agent.packages),
            environment=task_environment(environment, table_name=foundation.table.table_name),
            secrets=_secrets(foundation),
            port_mappings=[ecs.PortMapping(container_port=PORT)],
            logging=self._logging(environment.transcripts.buffer_mib),
            health_check=_health_check(),
            readonly_root_filesystem=not service.execute_command,
            linux_parameters=_linux_parameters(self),
            stop_timeout=cdk.Duration.seconds(STOP_TIMEOUT_SECONDS),
        )

    def _image(self, architecture: str, packages: list[str]) -> ecs.ContainerImage:
        """The image with these groups of packages; what another group locks does not change it."""
        return ecs.ContainerImage.from_docker_image_asset(
            ecr_assets.DockerImageAsset(
                self,
                "Image",
                directory=str(CHECKOUT),
                file="container/Dockerfile",
                platform=_PLATFORMS[architecture][0],
                build_args={"MODEL_PACKAGES": " ".join(packages)},
                exclude=[f"requirements/{each}.txt" for each in sorted(_GROUPS - set(packages))],
            )
        )

    def _logging(self, transcripts_mib: int) -> ecs.LogDriver:
        """Log without ever holding the server up: a full buffer loses lines, not conversations.

        It has room for all transcripts that the server may hold back, since a task that ends
        prints them at once, as ASCII: in its own size if it is in Latin letters, else in up to four
        times that.
        https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_awslogs.html
        """
        return ecs.LogDrivers.aws_logs(
            stream_prefix=CONTAINER,
            log_group=self.log_group,
            mode=ecs.AwsLogDriverMode.NON_BLOCKING,
            max_buffer_size=cdk.Size.mebibytes(max(_LOG_BUFFER_MIB, 4 * transcripts_mib)),
        )


def _secrets(foundation: Foundation) -> dict[str, ecs.Secret]:
    secrets = {key.variable: secret for key, secret in foundation.keys.items()}
    secrets[HEADER_SECRET] = foundation.header_secret
    return {name: ecs.Secret.from_secrets_manager(secret) for name, secret in secrets.items()}


def _acknowledge(definition: ecs.FargateTaskDefinition) -> None:
    acknowledge(
        definition,
        ECS2="What the server is told is in its environment; its secrets come by ARN.",
    )
    reason = (
        "GetAuthorizationToken knows no resource but all of them: "
        "https://docs.aws.amazon.com/AmazonECR/latest/userguide/security_iam_id-based-policy-examples.html"
    )
    acknowledge(definition.obtain_execution_role(), **{"IAM5[Resource::*]": reason})


def _health_check() -> ecs.HealthCheck:
    """Ask whether the server answers at all; whether it takes conversations asks the balancer.

    It listens once its models' packages are imported: 5 CPU seconds for those of all providers,
    which are 20 at a quarter of a core.
    """
    return ecs.HealthCheck(
        command=["CMD", "python", "-m", "service.health"],
        interval=cdk.Duration.seconds(15),
        timeout=cdk.Duration.seconds(5),
        retries=3,
        start_period=cdk.Duration.seconds(60),
    )


def _linux_parameters(scope: Construct) -> ecs.LinuxParameters:
    """Drop every capability, and let an init process be the first.

    It passes SIGTERM on from the first moment, where Python as process 1 loses one that comes
    before its handler is there, and it clears up after people who enter by ECS Exec.
    """
    parameters = ecs.LinuxParameters(scope, "Linux", init_process_enabled=True)
    parameters.drop_capabilities(ecs.Capability.ALL)
    return parameters
