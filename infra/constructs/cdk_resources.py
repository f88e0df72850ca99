"""What the CDK's own custom resources lack: a time limit, a log that ends, a reason.

Knows their names inside the library; a change of those fails at synthesis, not in production.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import CfnResource, Stack

from infra.constructs.acknowledge import acknowledge

if TYPE_CHECKING:
    from aws_cdk import aws_logs as logs
    from aws_cdk import aws_s3 as s3
    from aws_cdk import aws_s3_deployment as deployment
    from constructs import IConstruct

# CloudFormation waits an hour unless told otherwise, https://docs.aws.amazon.com/
# AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-customresource.html
_TIMEOUT_SECONDS = "600"


def bound_emptying(bucket: s3.Bucket, log_group: logs.ILogGroup) -> None:
    """Give the emptying of `bucket` at its deletion a time limit and `log_group`."""
    _limit(bucket.node.find_child("AutoDeleteObjectsCustomResource"))
    provider = Stack.of(bucket).node.find_child("Custom::S3AutoDeleteObjectsCustomResourceProvider")
    function = _resource(provider.node.find_child("Handler"))
    function.add_property_override("LoggingConfig.LogGroup", log_group.log_group_name)


def bound_deployment(files: deployment.BucketDeployment) -> None:
    """Give a deployment of files its time limit; its log group is a property of its own."""
    _limit(files.node.find_child("CustomResource"))
    for construct in Stack.of(files).node.children:
        if construct.node.id.startswith("Custom::CDKBucketDeployment"):
            acknowledge(construct, L1="The CDK's own function, with its library's runtime.")


def _limit(custom_resource: IConstruct) -> None:
    resource = _resource(custom_resource.node.default_child)
    resource.add_property_override("ServiceTimeout", _TIMEOUT_SECONDS)


def _resource(construct: IConstruct | None) -> CfnResource:
    assert isinstance(construct, CfnResource)
    return construct
