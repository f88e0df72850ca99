from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cli.bill.inventory import CUSTOM_METRICS, DASHBOARDS, Inventory, take_inventory
from tests.fakes.stack_variants import VARIANTS, environment_named

if TYPE_CHECKING:
    from infra.settings import Environment
    from tests.fakes.stacks import Stacks, StackShelf

PROJECT = Path(__file__).resolve().parents[2]
# A fork's agent may publish what it likes.
PROGRAMS = ("container/agents", "container/service", "container/speech_engine", "functions")
# What the bill has a line for, besides resources that cost nothing by themselves.
PRICED = {
    "AWS::ApiGatewayV2::Api",
    "AWS::ApplicationAutoScaling::ScalingPolicy",
    "AWS::Budgets::Budget",
    "AWS::CloudFront::Distribution",
    "AWS::CloudWatch::Alarm",
    "AWS::CloudWatch::Dashboard",
    "AWS::DynamoDB::GlobalTable",
    "AWS::EC2::EIP",
    "AWS::EC2::NatGateway",
    "AWS::ECS::Service",
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "AWS::Lambda::Function",
    "AWS::Lambda::Version",
    "AWS::Logs::LogGroup",
    "AWS::S3::Bucket",
    "AWS::SecretsManager::Secret",
    "AWS::WAFv2::WebACL",
}
FREE = {
    "AWS::ApiGatewayV2::Authorizer",
    "AWS::ApiGatewayV2::Integration",
    "AWS::ApiGatewayV2::Route",
    "AWS::ApiGatewayV2::Stage",
    "AWS::ApplicationAutoScaling::ScalableTarget",
    "AWS::CertificateManager::Certificate",
    "AWS::CloudFront::CachePolicy",
    "AWS::CloudFront::OriginAccessControl",
    "AWS::CloudFront::ResponseHeadersPolicy",
    "AWS::CloudFront::VpcOrigin",
    "AWS::EC2::InternetGateway",
    "AWS::EC2::Route",
    "AWS::EC2::RouteTable",
    "AWS::EC2::SecurityGroup",
    "AWS::EC2::SecurityGroupEgress",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::EC2::Subnet",
    "AWS::EC2::SubnetRouteTableAssociation",
    "AWS::EC2::VPC",
    "AWS::EC2::VPCEndpoint",  # of the kind "Gateway", see below
    "AWS::EC2::VPCGatewayAttachment",
    "AWS::ECS::Cluster",
    "AWS::ECS::ClusterCapacityProviderAssociations",
    "AWS::ECS::TaskDefinition",
    "AWS::ElasticLoadBalancingV2::Listener",
    "AWS::ElasticLoadBalancingV2::ListenerRule",
    "AWS::ElasticLoadBalancingV2::TargetGroup",
    "AWS::IAM::Policy",
    "AWS::IAM::Role",
    "AWS::KinesisFirehose::DeliveryStream",  # by what goes through it
    "AWS::Lambda::Alias",
    "AWS::Lambda::LayerVersion",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::Lambda::Permission",
    "AWS::Logs::MetricFilter",
    "AWS::Pipes::Pipe",  # by what goes through it
    "AWS::Route53::RecordSet",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::Subscription",
    "AWS::SNS::Topic",
    "AWS::SNS::TopicPolicy",
    "AWS::WAFv2::IPSet",
    "AWS::WAFv2::WebACLAssociation",
}
ENVIRONMENTS = {name: environment_named(name) for name in ("dev", "prod", *VARIANTS)}


@pytest.fixture(params=ENVIRONMENTS)
def environment(request: pytest.FixtureRequest) -> Environment:
    return ENVIRONMENTS[request.param]


def test_billed_resources_are_counted_as_they_are_made(
    environment: Environment, stacks: StackShelf
) -> None:
    """The bill's counts are those of the stacks that the same settings make."""
    made = stacks(environment)
    assert take_inventory(environment) == count(made)
    assert len(every(made, "AWS::CloudWatch::Dashboard")) == DASHBOARDS
    assert len(every(made, "AWS::ElasticLoadBalancingV2::LoadBalancer")) == 1


def test_billed_resources_are_all_known(environment: Environment, stacks: StackShelf) -> None:
    """Each kind of resource has a line on the bill or is known to be free."""
    made = stacks(environment)
    kinds = {each["Type"] for part in made.templates.values() for each in part.resources().values()}
    assert {kind for kind in kinds if not kind.startswith("Custom::")} - PRICED - FREE == set()
    # An interface endpoint is billed by the hour, a gateway endpoint is not.
    assert {each["VpcEndpointType"] for each in every(made, "AWS::EC2::VPCEndpoint")} <= {"Gateway"}


def test_billed_resources_publish_no_metrics_when_idle(
    environment: Environment, stacks: StackShelf
) -> None:
    """A filter publishes for a line that came, and for none else; insights and programs do not."""
    assert CUSTOM_METRICS == 0
    made = stacks(environment)
    for each in every(made, "AWS::Logs::MetricFilter"):
        (metric,) = each["MetricTransformations"]
        assert not {"DefaultValue", "Dimensions"} & set(metric)
    (cluster,) = every(made, "AWS::ECS::Cluster")
    assert cluster["ClusterSettings"] == [{"Name": "containerInsights", "Value": "disabled"}]
    programs = [path for part in PROGRAMS for path in (PROJECT / part).rglob("*.py")]
    for word in ("CloudWatchMetrics", "put_metric_data"):
        assert [path.name for path in programs if word in path.read_text()] == []


def every(made: Stacks, kind: str) -> list[dict[str, Any]]:
    return [each for part in made.templates.values() for each in part.properties(kind)]


def count(made: Stacks) -> Inventory:
    (balancer,) = every(made, "AWS::ElasticLoadBalancingV2::LoadBalancer")
    is_public = balancer["Scheme"] == "internet-facing"
    acls = every(made, "AWS::WAFv2::WebACL")
    records = every(made, "AWS::Route53::RecordSet")
    return Inventory(
        balancer_addresses=len(balancer["Subnets"]) if is_public else 0,
        task_addresses=count_tasks(made) if tasks_are_public(made) else 0,
        nat_gateways=len(every(made, "AWS::EC2::NatGateway")),
        alarm_metrics=sum(map(count_metrics, every(made, "AWS::CloudWatch::Alarm"))),
        scaling_alarm_metrics=2 * len(every(made, "AWS::ApplicationAutoScaling::ScalingPolicy")),
        web_acls=len(acls),
        web_acl_rules=sum(len(acl["Rules"]) for acl in acls),
        snapshots=count_snapshots(made),
        secrets=len(every(made, "AWS::SecretsManager::Secret")),
        hosted_zones=len({str(record["HostedZoneId"]) for record in records}),
        budgets=len(every(made, "AWS::Budgets::Budget")),
    )


def count_tasks(made: Stacks) -> int:
    """The tasks that are always there."""
    (service,) = every(made, "AWS::ECS::Service")
    scaled = every(made, "AWS::ApplicationAutoScaling::ScalableTarget")
    return int(scaled[0]["MinCapacity"] if scaled else service["DesiredCount"])


def tasks_are_public(made: Stacks) -> bool:
    (service,) = every(made, "AWS::ECS::Service")
    network = service["NetworkConfiguration"]["AwsvpcConfiguration"]
    return bool(network["AssignPublicIp"] == "ENABLED")


def count_metrics(alarm: dict[str, Any]) -> int:
    """An alarm over a computed value is billed by the metrics it is computed from."""
    return sum("MetricStat" in metric for metric in alarm.get("Metrics", [])) or 1


def count_snapshots(made: Stacks) -> int:
    """Versions of functions with SnapStart; others keep nothing."""
    functions = every(made, "AWS::Lambda::Function")
    snapped = any("SnapStart" in function for function in functions)
    return len(every(made, "AWS::Lambda::Version")) if snapped else 0
