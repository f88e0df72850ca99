"""What all stacks of an environment have in common: place, tags, protection, deploying roles."""

from __future__ import annotations

import aws_cdk as cdk
from constructs import Construct

from infra.names import APPLICATION, ENVIRONMENT_TAG
from infra.settings import Environment

# A changed tag is an update too, and one of this rule would reset the weights that ECS owns.
_UNTAGGED = ["AWS::ElasticLoadBalancingV2::ListenerRule"]


class EnvironmentStack(cdk.Stack):
    """A stack named `SpeechEngine-<environment>-<part>`."""

    def __init__(
        self, scope: Construct, part: str, *, environment: Environment, description: str
    ) -> None:
        aws = environment.aws
        super().__init__(
            scope,
            f"{APPLICATION}-{environment.name}-{part}",
            description=description,
            env=cdk.Environment(account=aws.account, region=aws.region),
            synthesizer=cdk.DefaultStackSynthesizer(qualifier=aws.bootstrap_qualifier),
            permissions_boundary=_boundary(aws.permissions_boundary),
            termination_protection=environment.data.deletion_protection,
        )
        if aws.account:
            # With account and region known, the CDK would ask AWS which zones there are.
            zones = f"availability-zones:account={aws.account}:region={aws.region}"
            self.node.set_context(zones, list(aws.availability_zones))
        for key, value in {**environment.tags, ENVIRONMENT_TAG: environment.name}.items():
            cdk.Tags.of(self).add(key, value, exclude_resource_types=_UNTAGGED)


def _boundary(name_or_arn: str | None) -> cdk.PermissionsBoundary | None:
    if name_or_arn is None:
        return None
    if name_or_arn.startswith("arn:"):
        return cdk.PermissionsBoundary.from_arn(name_or_arn)
    return cdk.PermissionsBoundary.from_name(name_or_arn)
