"""Where alarms go: a topic made here with a person's address, or one that is there already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

if TYPE_CHECKING:
    from infra.settings.environment import Alarms


def make_alarm_topic(scope: Construct, construct_id: str, *, alarms: Alarms) -> sns.ITopic | None:
    """Return the topic of the environment's alarms, None where nobody is named."""
    if alarms.topic_arn:
        return sns.Topic.from_topic_arn(scope, construct_id, alarms.topic_arn)
    if not alarms.email:
        return None
    topic = sns.Topic(scope, construct_id, enforce_ssl=True)
    topic.add_subscription(subscriptions.EmailSubscription(alarms.email))
    # A topic with a policy of its own has lost the default one, which let CloudWatch publish.
    topic.add_to_resource_policy(
        iam.PolicyStatement(
            principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
            actions=["sns:Publish"],
            resources=[topic.topic_arn],
        )
    )
    return topic
