from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import cfnlint.api  # type: ignore[import-untyped]
import pytest
from cfnlint.config import ManualArgs  # type: ignore[import-untyped]

from tests.fakes.stack_variants import (
    EVERY_NAME,
    FROZEN_NAMES,
    environment_named,
    every_environment,
)
from tests.fakes.stacks import StackShelf, Template

# Why an action, or a part of one, is allowed on everything.
LISTED_WILDCARDS = {
    "ecr:GetAuthorizationToken": "knows no resource",
    "ec2:DescribeSecurityGroups": "knows no resource",
    "ssmmessages:CreateControlChannel": "channels of ECS Exec have no ARNs",
    "ssmmessages:CreateDataChannel": "channels of ECS Exec have no ARNs",
    "ssmmessages:OpenControlChannel": "channels of ECS Exec have no ARNs",
    "ssmmessages:OpenDataChannel": "channels of ECS Exec have no ARNs",
}
LISTED_ACTIONS = {
    "s3:GetObject*": "the CDK's bucket deployment, on two buckets",
    "s3:GetBucket*": "the CDK's bucket deployment, on two buckets",
    "s3:List*": "the CDK's bucket deployment, on two buckets",
    "s3:DeleteObject*": "the CDK's bucket deployment, on the page's bucket",
    "s3:Abort*": "the CDK's bucket deployment, on the page's bucket",
}
LISTED_PARTS = {
    "s3": "objects of one bucket have names that nobody knows before",
    "bedrock": "a profile's model in regions that AWS chooses, by that profile alone",
}
LISTED_MANAGED_POLICIES = {
    "AmazonECSInfrastructureRolePolicyForLoadBalancers": "what ECS shifts traffic with",
    "AWSLambdaBasicExecutionRole": "the CDK's own function that empties the page's bucket",
}
# What a physical name would collide on: the second environment, or the second create.
PHYSICAL_NAMES = {
    "AlarmName",
    "BucketName",
    "ClusterName",
    "DashboardName",
    "FunctionName",
    "GroupName",
    "LoadBalancerName",
    "LogGroupName",
    "RoleName",
    "SecretName",
    "ServiceName",
    "TableName",
    "TopicName",
}
LISTENER = "AWS::ElasticLoadBalancingV2::Listener"
RULE = "AWS::ElasticLoadBalancingV2::ListenerRule"
PARTS = ("Foundation", "Realtime", "Api", "Site")
# Their `…Name` is the other resource's.
REFERRING = {"AWS::EC2::VPCEndpoint", "AWS::Logs::MetricFilter"} | {
    f"AWS::Lambda::{kind}" for kind in ("Alias", "EventInvokeConfig", "Permission", "Version")
}
EVERYWHERE = {"0.0.0.0/0", "::/0"}
# Between them they have every resource with every property; linting costs more than making.
LINTED = [
    *((name, part) for name in ("prod", "no domain, everything on") for part in PARTS),
    ("own domain in an existing network", "Realtime"),
]
# The CDK says dependencies twice; zones are a setting, for nothing is looked up.
IGNORED_LINT = ["W3005", "W3010"]


@pytest.fixture(params=EVERY_NAME)
def templates(request: pytest.FixtureRequest, stacks: StackShelf) -> dict[str, Template]:
    """Every stack of one environment by part, for each environment there is."""
    return stacks(every_environment(request.param)).templates


def all_of(templates: dict[str, Template], kind: str) -> list[tuple[str, dict[str, Any]]]:
    return [
        (name, each.get("Properties", {}))
        for template in templates.values()
        for name, each in template.resources(kind).items()
    ]


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def statements(templates: dict[str, Template]) -> Iterator[dict[str, Any]]:
    """What roles may do, inline policies included."""
    for _, policy in all_of(templates, "AWS::IAM::Policy"):
        yield from policy["PolicyDocument"]["Statement"]
    for _, role in all_of(templates, "AWS::IAM::Role"):
        for policy in role.get("Policies", []):
            yield from policy["PolicyDocument"]["Statement"]


def is_internet_facing(realtime: Template) -> bool:
    scheme: str = realtime.only("AWS::ElasticLoadBalancingV2::LoadBalancer")["Scheme"]
    return scheme == "internet-facing"


def speaks_tls(listener: dict[str, Any]) -> bool:
    policy: str = listener.get("SslPolicy", "")
    return listener["Protocol"] == "HTTPS" and policy.startswith("ELBSecurityPolicy-TLS13-1-2-")


def only_redirects(name: str, listener: dict[str, Any], realtime: Template) -> bool:
    (action,) = listener["DefaultActions"]
    ruled = [rule["ListenerArn"] for rule in realtime.properties(RULE)]
    secure = action.get("RedirectConfig", {}).get("Protocol") == "HTTPS"
    return secure and {"Ref": name} not in ruled


def is_behind_cloudfront_alone(realtime: Template) -> bool:
    (origin,) = realtime.properties("AWS::CloudFront::VpcOrigin")
    config = origin["VpcOriginEndpointConfig"]
    firewall = realtime.named("FrontFirewall", "AWS::EC2::SecurityGroup")
    is_plain = (config["OriginProtocolPolicy"], config["HTTPPort"]) == ("http-only", 80)
    return is_plain and "SecurityGroupIngress" not in firewall


def test_load_balancers_speak_tls_1_2_or_redirect(templates: dict[str, Template]) -> None:
    """The listed exception is an internal one with HTTP, which CloudFront's VPC origin reaches."""
    realtime = templates["Realtime"]
    for name, resource in realtime.resources(LISTENER).items():
        listener = resource["Properties"]
        if is_internet_facing(realtime):
            assert speaks_tls(listener) or only_redirects(name, listener, realtime)
        else:
            assert is_behind_cloudfront_alone(realtime)


def test_distributions_speak_https_to_browsers_and_platform(
    templates: dict[str, Template],
) -> None:
    """CloudFront never answers over HTTP; its default certificate's policy is the exception."""
    for _, distribution in all_of(templates, "AWS::CloudFront::Distribution"):
        config = distribution["DistributionConfig"]
        behaviours = [config["DefaultCacheBehavior"], *config.get("CacheBehaviors", [])]
        policies = {behaviour["ViewerProtocolPolicy"] for behaviour in behaviours}
        assert policies <= {"https-only", "redirect-to-https"}
        for origin in config["Origins"]:
            custom = origin.get("CustomOriginConfig", {"OriginProtocolPolicy": "https-only"})
            assert custom["OriginProtocolPolicy"] == "https-only"
        assert "ViewerCertificate" not in config


def test_nothing_is_open_to_everybody_but_the_public_listeners(
    templates: dict[str, Template],
) -> None:
    """Address ranges stand in the public balancer's firewall only, on its listeners' ports."""
    realtime = templates["Realtime"]
    ports = {each["Port"] for each in realtime.properties(LISTENER)}
    for name, group in all_of(templates, "AWS::EC2::SecurityGroup"):
        for rule in group.get("SecurityGroupIngress", []):
            assert name.startswith("FrontFirewall")
            assert is_internet_facing(realtime)
            assert rule["FromPort"] == rule["ToPort"]
            assert rule["FromPort"] in ports
    for _, rule in all_of(templates, "AWS::EC2::SecurityGroupIngress"):
        assert EVERYWHERE.isdisjoint({rule.get("CidrIp"), rule.get("CidrIpv6")})
        assert rule["FromPort"] == rule["ToPort"] == 3001
        assert "SourceSecurityGroupId" in rule
    assert all_of(templates, "AWS::Lambda::Url") == []


def test_buckets_are_private_encrypted_and_ask_for_tls(templates: dict[str, Template]) -> None:
    """Each has all four blocks, encryption, and a policy that refuses plain HTTP."""
    policies = json.dumps(all_of(templates, "AWS::S3::BucketPolicy"))
    for name, bucket in all_of(templates, "AWS::S3::Bucket"):
        blocks = bucket["PublicAccessBlockConfiguration"]
        assert len(blocks) == 4
        assert all(blocks.values())
        assert bucket["BucketEncryption"]
        assert name in policies
    assert policies.count('"aws:SecureTransport": "false"') == len(
        all_of(templates, "AWS::S3::Bucket")
    )


def test_roles_have_no_wildcards_but_the_listed_ones(templates: dict[str, Template]) -> None:
    """Each `*` as a resource, or in an action, is on the list with its reason."""
    for statement in statements(templates):
        actions = set(listed(statement["Action"]))
        if "*" in listed(statement["Resource"]):
            assert actions <= set(LISTED_WILDCARDS)
        elif "*" in json.dumps(statement["Resource"]):
            services = {action.split(":")[0] for action in actions}
            assert services <= set(LISTED_PARTS)
            if services == {"bedrock"}:
                assert statement["Condition"]["StringEquals"]["bedrock:InferenceProfileArn"]
        assert {action for action in actions if "*" in action} <= set(LISTED_ACTIONS)
        assert "NotAction" not in statement
        assert "NotResource" not in statement


def test_roles_have_no_managed_policies_but_the_listed_ones(
    templates: dict[str, Template],
) -> None:
    """AWS decides what is in a managed policy, so each has its reason."""
    for _, role in all_of(templates, "AWS::IAM::Role"):
        for arn in role.get("ManagedPolicyArns", []):
            assert any(policy in json.dumps(arn) for policy in LISTED_MANAGED_POLICIES)


def test_tables_are_encrypted_and_recoverable(templates: dict[str, Template]) -> None:
    """Encryption, point-in-time recovery and expiry are on in each replica."""
    tables = all_of(templates, "AWS::DynamoDB::GlobalTable")
    assert all_of(templates, "AWS::DynamoDB::Table") == []
    assert len(tables) == 1
    for _, table in tables:
        assert table["SSESpecification"]["SSEEnabled"] is True
        assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
        for replica in table["Replicas"]:
            recovery = replica["PointInTimeRecoverySpecification"]
            assert recovery["PointInTimeRecoveryEnabled"] is True


def test_logs_are_bounded(templates: dict[str, Template]) -> None:
    """Each group has a retention, and each function and container writes to one of them."""
    groups = all_of(templates, "AWS::Logs::LogGroup")
    assert groups
    assert all(group["RetentionInDays"] for _, group in groups)
    names = {name for name, _ in groups}
    for _, function in all_of(templates, "AWS::Lambda::Function"):
        assert function["LoggingConfig"]["LogGroup"]["Ref"] in names
    for _, task in all_of(templates, "AWS::ECS::TaskDefinition"):
        for container in task["ContainerDefinitions"]:
            assert container["LogConfiguration"]["Options"]["awslogs-group"]["Ref"] in names


def test_alarms_act(templates: dict[str, Template]) -> None:
    """Each tells a topic when it rings and when it is over, or ends a deployment."""
    service = templates["Realtime"].only("AWS::ECS::Service")
    watched = json.dumps(service["DeploymentConfiguration"].get("Alarms"))
    for name, alarm in all_of(templates, "AWS::CloudWatch::Alarm"):
        assert alarm["AlarmDescription"]
        tells = alarm.get("AlarmActions") and alarm.get("OKActions")
        assert tells or f'"{name}"' in watched


def test_no_secret_value_is_in_a_template(templates: dict[str, Template]) -> None:
    """No secret has a value, nothing resolves one, and nothing looks like a key."""
    for template in templates.values():
        assert "{{resolve:" not in template.text
        assert re.search(r"\bsk_\w{8,}|BEGIN [A-Z ]*PRIVATE KEY", template.text) is None
    for _, secret in all_of(templates, "AWS::SecretsManager::Secret"):
        assert "SecretString" not in secret
    for _, task in all_of(templates, "AWS::ECS::TaskDefinition"):
        for container in task["ContainerDefinitions"]:
            plain = {each["Name"] for each in container["Environment"]}
            assert plain.isdisjoint({each["Name"] for each in container["Secrets"]})


def test_nothing_has_a_physical_name(templates: dict[str, Template]) -> None:
    """AWS names everything, so that a replacement never collides with what it replaces."""
    for template in templates.values():
        for resource in template.resources().values():
            if resource["Type"].startswith("Custom::") or resource["Type"] in REFERRING:
                continue
            named = PHYSICAL_NAMES & set(resource.get("Properties", {}))
            assert named == set(), resource["Type"]


@pytest.mark.parametrize(("name", "part"), LINTED)
def test_templates_pass_cfn_lint(name: str, part: str, stacks: StackShelf) -> None:
    """CloudFormation's own rules find nothing."""
    config = ManualArgs(ignore_checks=IGNORED_LINT, regions=["us-east-1"])
    found = cfnlint.api.lint(stacks(environment_named(name)).part(part).text, config=config)
    assert [f"{each.rule.id} {each.message} {each.path}" for each in found] == []


def test_templates_that_are_linted_have_everything(stacks: StackShelf) -> None:
    """No frozen one and no variant has a resource with a property that is in none of those."""
    linted = {each for name, part in LINTED for each in properties_of(name, part, stacks)}
    every = {
        each
        for name in FROZEN_NAMES
        for part in PARTS
        for each in properties_of(name, part, stacks)
    }
    assert every - linted == set()


def properties_of(name: str, part: str, stacks: StackShelf) -> set[tuple[str, str]]:
    resources = stacks(environment_named(name)).part(part).resources().values()
    return {(each["Type"], key) for each in resources for key in each.get("Properties", {})}


def test_functions_are_never_called_again_by_lambda(templates: dict[str, Template]) -> None:
    """CloudFormation hears of a failure; a repeat on Lambda's own account would make doubles."""
    for template in templates.values():
        resources = template.resources()
        functions = {
            name
            for name, resource in resources.items()
            if resource["Type"] == "AWS::Lambda::Function"
            and str(resource["Properties"]["Handler"]).startswith("functions.")
        }
        single = {
            resource["Properties"]["FunctionName"]["Ref"]
            for resource in resources.values()
            if resource["Type"] == "AWS::Lambda::EventInvokeConfig"
            and resource["Properties"]["MaximumRetryAttempts"] == 0
        }
        assert functions <= single
