"""What a change must not replace by accident: logical ids, and what ECS shifts traffic with.

A new id here means that CloudFormation makes a second one and deletes the first, with its data
or its address. Change this file only with a plan for what runs already.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.environments import frozen_environment
from tests.fakes.stacks import StackShelf, Template

GROUP = "AWS::ElasticLoadBalancingV2::TargetGroup"
RULE = "AWS::ElasticLoadBalancingV2::ListenerRule"

STATEFUL = {
    "AWS::ApiGatewayV2::Api",
    "AWS::CloudFront::Distribution",
    "AWS::CloudFront::VpcOrigin",
    "AWS::DynamoDB::GlobalTable",
    "AWS::EC2::Subnet",
    "AWS::EC2::VPC",
    "AWS::ECS::Cluster",
    "AWS::ECS::Service",
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "AWS::S3::Bucket",
    "AWS::SecretsManager::Secret",
    "Custom::SpeechEngine",
    GROUP,
    RULE,
}

EVERYWHERE = {
    "ApiKey",
    "Engine7B56DDA2",
    "FargateCluster03BAFB94",
    "FargateService1DAE5452",
    "FilesBucket7C17EE2E",
    "FrontAccessLog62425CE8",
    "FrontBalancerE84E0706",
    "HeaderSecret26647C28",
    "PageDistributionFBB4E0B8",
    "TargetsBlueF5F8E9B6",
    "TargetsRule209C2B8D",
    "TokenApi961D4B0F",
    "TranscriptsTable619BD708",
    "Vpc8378EB38",
    "VpcIsolatedSubnet1SubnetE48C5737",
    "VpcIsolatedSubnet2Subnet16364B91",
    "VpcPublicSubnet1Subnet5C2D37C4",
    "VpcPublicSubnet2Subnet691E08A3",
}
WITHOUT_DOMAIN = {
    "AddressCloudFrontDistributionC81A81A8",
    "AddressCloudFrontDistributionOrigin1VpcOriginA25BD41A",
}
BLUE_GREEN = {"TargetsGreen75FB49BE"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [("dev", EVERYWHERE | WITHOUT_DOMAIN), ("prod", EVERYWHERE | BLUE_GREEN)],
)
def test_stateful_resources_keep_their_ids(
    name: str, expected: set[str], stacks: StackShelf
) -> None:
    """What holds data, an address or conversations is called what it was called before."""
    templates = stacks(frozen_environment(name)).templates.values()
    found = {
        logical_id
        for template in templates
        for logical_id, resource in template.resources().items()
        if resource["Type"] in STATEFUL
    }
    assert found == expected


@pytest.fixture(scope="session")
def prod(stacks: StackShelf) -> Template:
    return stacks(frozen_environment("prod")).part("Realtime")


def test_blue_green_rule_is_frozen(prod: Template) -> None:
    """Any change, a tag's too, would be an update that sets the weights back that ECS owns."""
    assert prod.only(RULE) == {
        "Actions": [
            {
                "Type": "forward",
                "ForwardConfig": {
                    "TargetGroups": [
                        {"TargetGroupArn": {"Ref": "TargetsBlueF5F8E9B6"}, "Weight": 100},
                        {"TargetGroupArn": {"Ref": "TargetsGreen75FB49BE"}, "Weight": 0},
                    ]
                },
            }
        ],
        "Conditions": [{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/ws"]}}],
        "ListenerArn": {"Ref": "FrontBalancerHttps5B0E51FF"},
        "Priority": 10,
    }


def test_blue_green_target_groups_are_frozen(prod: Template) -> None:
    """Blue and green are alike, and nothing in them that would replace them has changed."""
    blue, green = (_lasting(each) for each in prod.properties(GROUP))
    assert blue == green
    assert blue == {
        "HealthCheckIntervalSeconds": 10,
        "HealthCheckPath": "/readyz",
        "HealthCheckTimeoutSeconds": 5,
        "HealthyThresholdCount": 2,
        "Matcher": {"HttpCode": "200"},
        "Port": 3001,
        "Protocol": "HTTP",
        "TargetGroupAttributes": [
            {"Key": "deregistration_delay.timeout_seconds", "Value": "630"},
            {"Key": "stickiness.enabled", "Value": "false"},
        ],
        "TargetType": "ip",
        "UnhealthyThresholdCount": 3,
    }


def _lasting(properties: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in properties.items() if key not in ("Tags", "VpcId")}


def test_blue_green_service_shifts_by_that_rule(prod: Template) -> None:
    """The service knows rule, groups and the role that moves the weights."""
    (target,) = prod.only("AWS::ECS::Service")["LoadBalancers"]
    assert target["TargetGroupArn"] == {"Ref": "TargetsBlueF5F8E9B6"}
    shift = target["AdvancedConfiguration"]
    assert shift["AlternateTargetGroupArn"] == {"Ref": "TargetsGreen75FB49BE"}
    assert shift["ProductionListenerRule"] == {"Ref": "TargetsRule209C2B8D"}
    assert "ShiftRole" in shift["RoleArn"]["Fn::GetAtt"][0]
