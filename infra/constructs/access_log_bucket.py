"""The bucket of the load balancer's access log."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.constructs.acknowledge import acknowledge


def make_access_log_bucket(scope: Construct, construct_id: str, *, days: int) -> s3.Bucket:
    """Return a private, encrypted bucket whose objects expire after `days` days.

    CloudFormation deletes only an empty bucket: `make destroy` stops the log and empties it.
    """
    bucket = s3.Bucket(
        scope,
        construct_id,
        # The load balancer writes to buckets with S3's own keys and no others:
        # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
        encryption=s3.BucketEncryption.S3_MANAGED,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        enforce_ssl=True,
        object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
        lifecycle_rules=[
            s3.LifecycleRule(
                expiration=cdk.Duration.days(days),
                abort_incomplete_multipart_upload_after=cdk.Duration.days(1),
            )
        ],
        removal_policy=cdk.RemovalPolicy.DESTROY,
    )
    acknowledge(bucket, S1="It is the access log: a log of who reads the log would have no end.")
    return bucket
