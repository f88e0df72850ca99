"""The transcript log as files for analytics: each new state of an item is a line of JSON.

EventBridge Pipes picks them from the table's stream, Data Firehose batches them into a bucket.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_pipes as pipes
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.constructs.acknowledge import acknowledge
from infra.constructs.cdk_resources import bound_emptying
from infra.constructs.log_group import make_log_group
from infra.constructs.removal import removal_policy

if TYPE_CHECKING:
    from infra.settings import Environment

_DAY = "day=!{timestamp:yyyy-MM-dd}/"
# The most that one file takes, and the longest that a line waits for one.
_BATCH = {"sizeInMBs": 64, "intervalInSeconds": 900}
_WRITES = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"]
_LOOKS = ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"]
_READS = ["DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"]


class TranscriptArchive(Construct):
    """A bucket with a folder for each day (UTC) of arrival, whose files expire as items do.

    `stream_arn` is that of the table's stream with new images.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, environment: Environment, stream_arn: str
    ) -> None:
        super().__init__(scope, construct_id)
        self.bucket = self._make_bucket(environment)
        self._add_pipe(stream_arn, self._make_firehose().attr_arn)

    def _make_bucket(self, environment: Environment) -> s3.Bucket:
        is_kept = environment.data.retain
        lifetime = cdk.Duration.days(environment.transcripts.days)
        bucket = s3.Bucket(
            self,
            "Bucket",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            lifecycle_rules=[s3.LifecycleRule(expiration=lifetime)],
            removal_policy=removal_policy(environment.data),
            auto_delete_objects=not is_kept,
        )
        acknowledge(bucket, S1="Who reads it is what CloudTrail's data events are for.")
        if not is_kept:
            bound_emptying(bucket, make_log_group(self, "Log", days=environment.functions.log_days))
        return bucket

    def _make_firehose(self) -> firehose.CfnDeliveryStream:
        objects = self.bucket.arn_for_objects("*")
        role = self._make_role(
            "Writer", "firehose", {objects: _WRITES, self.bucket.bucket_arn: _LOOKS}
        )
        resource = self.bucket.node.default_child
        assert isinstance(resource, s3.CfnBucket)
        finding = f"IAM5[Resource::<{cdk.Stack.of(self).get_logical_id(resource)}.Arn>/*]"
        acknowledge(role, **{finding: "Firehose names the files, in this bucket alone."})
        processors = [{"type": "AppendDelimiterToRecord"}]  # a newline
        return firehose.CfnDeliveryStream(
            self,
            "Firehose",
            delivery_stream_encryption_configuration_input={"keyType": "AWS_OWNED_CMK"},
            extended_s3_destination_configuration={
                "bucketArn": self.bucket.bucket_arn,
                "roleArn": role.role_arn,
                "prefix": _DAY,
                "errorOutputPrefix": f"failed/!{{firehose:error-output-type}}/{_DAY}",
                "fileExtension": ".jsonl.gz",
                "compressionFormat": "GZIP",
                "bufferingHints": _BATCH,
                "processingConfiguration": {"enabled": True, "processors": processors},
            },
        )

    def _add_pipe(self, stream_arn: str, firehose_arn: str) -> None:
        """Pass on what items are now; that one expired or was deleted leaves no line."""
        changes = json.dumps({"eventName": ["INSERT", "MODIFY"]})
        reads = [f"dynamodb:{verb}" for verb in _READS]
        grants = {stream_arn: reads, firehose_arn: ["firehose:PutRecordBatch"]}
        pipes.CfnPipe(
            self,
            "Pipe",
            role_arn=self._make_role("Carrier", "pipes", grants).role_arn,
            source=stream_arn,
            source_parameters={
                "dynamoDbStreamParameters": {"startingPosition": "TRIM_HORIZON"},
                "filterCriteria": {"filters": [{"pattern": changes}]},
            },
            target=firehose_arn,
            # As in DynamoDB's own exports.
            target_parameters={"inputTemplate": '{"Item": <$.dynamodb.NewImage>}'},
        )

    def _make_role(self, construct_id: str, service: str, grants: dict[str, list[str]]) -> iam.Role:
        """Return a role with its rights in itself: AWS checks them when it makes what has it."""
        statements = [
            iam.PolicyStatement(actions=actions, resources=[resource])
            for resource, actions in grants.items()
        ]
        return iam.Role(
            self,
            construct_id,
            assumed_by=iam.ServicePrincipal(f"{service}.amazonaws.com"),
            inline_policies={"Grants": iam.PolicyDocument(statements=statements)},
        )
