from __future__ import annotations

import json
from typing import Any

import pytest

from tests.fakes.environments import environment_with, frozen_environment
from tests.fakes.stack_variants import environment_named
from tests.fakes.stacks import StackShelf, Template

BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"
LISTENER = "AWS::ElasticLoadBalancingV2::Listener"
RULE = "AWS::ElasticLoadBalancingV2::ListenerRule"
CLOUDFRONT = "AWS::CloudFront::Distribution"


@pytest.fixture(scope="session")
def plain(stacks: StackShelf) -> Template:
    return stacks(environment_with()).part("Realtime")


@pytest.fixture(scope="session")
def prod(stacks: StackShelf) -> Template:
    return stacks(frozen_environment("prod")).part("Realtime")


@pytest.fixture(scope="session")
def local(stacks: StackShelf) -> Template:
    return stacks(frozen_environment("local")).part("Realtime")


@pytest.fixture(scope="session")
def full(stacks: StackShelf) -> Template:
    return stacks(environment_named("no domain, everything on")).part("Realtime")


@pytest.fixture(scope="session")
def existing(stacks: StackShelf) -> Template:
    return stacks(environment_named("own domain in an existing network")).part("Realtime")


def test_address_forwards_the_websockets_path_alone(plain: Template) -> None:
    """Every other path is answered by the balancer itself."""
    rule = plain.only(RULE)
    assert rule["Conditions"] == [
        {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/ws"]}}
    ]
    (listener,) = plain.properties(LISTENER)
    assert listener["DefaultActions"][0]["FixedResponseConfig"] == {"StatusCode": "404"}


def test_address_names_its_address_and_certificate(prod: Template) -> None:
    """A hosted zone gives both: a validated certificate and a record that points here."""
    certificate = prod.only("AWS::CertificateManager::Certificate")
    assert certificate["DomainName"] == "voice.example.com"
    assert certificate["ValidationMethod"] == "DNS"
    record = prod.only("AWS::Route53::RecordSet")
    assert (record["Name"], record["Type"]) == ("voice.example.com.", "A")
    assert prod.outputs["WebSocketUrl"] == "wss://voice.example.com/ws"


def test_address_uses_a_certificate_and_a_port_that_are_given(local: Template) -> None:
    """Without a zone nothing is validated or recorded; another port is in the address."""
    assert local.resources("AWS::CertificateManager::Certificate") == {}
    assert local.resources("AWS::Route53::RecordSet") == {}
    ports = {each["Port"]: each for each in local.properties(LISTENER)}
    assert set(ports) == {80, 8443}
    assert ports[8443]["Certificates"][0]["CertificateArn"].startswith("arn:aws:acm:")
    assert local.outputs["WebSocketUrl"] == "wss://localhost:8443/ws"


def test_address_passes_every_header_through_cloudfront_and_caches_nothing(
    plain: Template,
) -> None:
    """The managed policies AllViewer and CachingDisabled, and every method."""
    distribution = plain.only(CLOUDFRONT)["DistributionConfig"]
    behaviour = distribution["DefaultCacheBehavior"]
    assert behaviour["OriginRequestPolicyId"] == "216adef6-5c7f-47e4-b989-5492eafa07d3"
    assert behaviour["CachePolicyId"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
    assert len(behaviour["AllowedMethods"]) == 7


def test_address_answers_nobody_with_anothers_refusal(plain: Template) -> None:
    """A full or restarting server's 503, and any other, is for the one who asked."""
    distribution = plain.only(CLOUDFRONT)["DistributionConfig"]
    kept = {each["ErrorCode"]: each["ErrorCachingMinTTL"] for each in _errors(distribution)}
    assert {403, 500, 502, 503, 504} <= set(kept)
    assert set(kept.values()) == {0}


def _errors(distribution: dict[str, Any]) -> list[dict[str, int]]:
    found: list[dict[str, int]] = distribution["CustomErrorResponses"]
    return found


def test_address_hides_the_internal_balancer(plain: Template) -> None:
    """It stands in subnets without a way out."""
    assert plain.only(BALANCER)["Scheme"] == "internal"
    assert "IsolatedSubnet" in json.dumps(plain.only(BALANCER)["Subnets"])


def test_address_opens_the_internal_balancer_after_the_distribution(plain: Template) -> None:
    """CloudFront's security group exists once the distribution does, and gets port 80 only."""
    (distribution,) = plain.resources(CLOUDFRONT)
    (opening,) = plain.resources("Custom::OriginAccess").values()
    assert distribution in opening["DependsOn"]
    properties = opening["Properties"]
    assert properties["Port"] == "80"
    assert "FrontFirewall" in json.dumps(properties["SecurityGroupId"])
    assert int(properties["ServiceTimeout"]) <= 600


def test_address_lets_the_opener_change_one_firewall(plain: Template) -> None:
    """It may describe groups, and change the balancer's alone."""
    policy = plain.named("AddressOriginAccessOpenerRoleDefaultPolicy", "AWS::IAM::Policy")
    changes = [
        statement["Resource"]
        for statement in policy["PolicyDocument"]["Statement"]
        if "ec2:AuthorizeSecurityGroupIngress" in statement["Action"]
    ]
    assert len(changes) == 1
    assert "FrontFirewall" in json.dumps(changes)


def test_engine_waits_until_its_address_answers(stacks: StackShelf) -> None:
    """The stack that makes the engine is deployed after the one that holds the address."""
    engine = stacks(environment_with()).part("Api").only("Custom::SpeechEngine")
    assert "Fn::ImportValue" in json.dumps(engine["WsUrl"])


def test_waf_lets_elevenlabs_pass_its_rate_limit(existing: Template) -> None:
    """A few addresses carry all calls; others may ask 100 times in five minutes."""
    addresses = existing.only("AWS::WAFv2::IPSet")["Addresses"]
    assert addresses == ["34.77.234.246/32", "34.140.184.144/32"]
    acl = existing.only("AWS::WAFv2::WebACL")
    assert acl["DefaultAction"] == {"Allow": {}}
    (rule,) = acl["Rules"]
    limit = rule["Statement"]["RateBasedStatement"]
    assert (limit["Limit"], limit["EvaluationWindowSec"]) == (100, 300)
    assert "IPSetReferenceStatement" in limit["ScopeDownStatement"]["NotStatement"]["Statement"]
    assert existing.only("AWS::WAFv2::WebACLAssociation")


def test_waf_admits_own_checks_by_the_headers_presence_alone(full: Template) -> None:
    """The allow-list has ElevenLabs and the secret header, whose value is in no template."""
    acl = full.only("AWS::WAFv2::WebACL")
    assert (acl["Scope"], acl["DefaultAction"]) == ("CLOUDFRONT", {"Block": {}})
    limit, platform, checks = acl["Rules"]
    assert "Block" in limit["Action"]
    assert "Allow" in platform["Action"]
    statement = checks["Statement"]["SizeConstraintStatement"]
    assert statement["FieldToMatch"] == {"SingleHeader": {"Name": "x-speech-engine-secret"}}
    assert (statement["ComparisonOperator"], statement["Size"]) == ("GT", 0)
    distribution = full.only(CLOUDFRONT)["DistributionConfig"]
    assert "Waf" in json.dumps(distribution["WebACLId"])
