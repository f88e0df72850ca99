"""The page's files in a bucket that only CloudFront reads, and the configuration among them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_cdk import Stack, Token
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_deployment as deployment
from constructs import Construct

from infra.constructs.acknowledge import acknowledge
from infra.constructs.cdk_resources import bound_deployment, bound_emptying
from infra.constructs.log_group import make_log_group
from infra.constructs.removal import removal_policy
from infra.packaging import find_page

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_cdk import aws_logs as logs

    from infra.settings import Environment

CONFIG_KEY = "config.json"

_CDK_GRANT = "The CDK's own grant: its bucket deployment reads staged files and writes this bucket."


class PageFiles(Construct):
    """`web/dist` and a `config.json` written at deploy time, when engine and addresses are known.

    Raises PackagingError when the page has not been built.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        config: Mapping[str, Any],
    ) -> None:
        super().__init__(scope, construct_id)
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            removal_policy=removal_policy(environment.data),
            auto_delete_objects=not environment.data.retain,
        )
        acknowledge(self.bucket, S1="Only CloudFront reads it, and only what is public anyway.")
        log_group = make_log_group(self, "Log", days=environment.functions.log_days)
        if not environment.data.retain:
            bound_emptying(self.bucket, log_group)
        self._deploy(environment, config, log_group)

    def _deploy(
        self, environment: Environment, config: Mapping[str, Any], log_group: logs.LogGroup
    ) -> None:
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        log_group.grant_write(role)
        acknowledge(
            role,
            **{f"IAM5[{finding}]": _CDK_GRANT for finding in _findings(self.bucket, environment)},
        )
        files = deployment.BucketDeployment(
            self,
            "Deployment",
            destination_bucket=self.bucket,
            sources=[
                deployment.Source.asset(str(find_page())),
                deployment.Source.json_data(CONFIG_KEY, dict(config)),
            ],
            prune=True,
            # Names stay the same from one version to the next: ask each time, 304 is cheap.
            cache_control=[deployment.CacheControl.no_cache()],
            retain_on_delete=environment.data.retain,
            role=role,
            log_group=log_group,
        )
        bound_deployment(files)


def _findings(bucket: s3.Bucket, environment: Environment) -> list[str]:
    """Name what cdk-nag finds in the CDK's grants."""
    stack = Stack.of(bucket)
    resource = bucket.node.default_child
    assert isinstance(resource, s3.CfnBucket)
    account = "<AWS::AccountId>" if Token.is_unresolved(stack.account) else stack.account
    staged = f"cdk-{environment.aws.bootstrap_qualifier}-assets-{account}-{stack.region}"
    return [
        *(f"Action::s3:{verb}*" for verb in ("GetObject", "GetBucket", "List")),
        *(f"Action::s3:{verb}*" for verb in ("DeleteObject", "Abort")),
        f"Resource::arn:<AWS::Partition>:s3:::{staged}/*",
        f"Resource::<{stack.get_logical_id(resource)}.Arn>/*",
    ]
