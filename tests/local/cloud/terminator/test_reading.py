from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from local.cloud.terminator import (
    FixedResponse,
    Forward,
    HealthCheck,
    LoadBalancer,
    Redirect,
    Target,
    UnsupportedError,
    build_load_balancer,
    read_load_balancer,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client
    from mypy_boto3_elbv2.type_defs import ActionTypeDef

REGION = "eu-central-1"
REDIRECT: ActionTypeDef = {
    "Type": "redirect",
    "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"},
}
NOT_FOUND: ActionTypeDef = {
    "Type": "fixed-response",
    "FixedResponseConfig": {"StatusCode": "404", "ContentType": "text/plain", "MessageBody": "no"},
}


@pytest.fixture
def elbv2(monkeypatch: pytest.MonkeyPatch) -> Iterator[ElasticLoadBalancingv2Client]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        yield boto3.client("elbv2", region_name=REGION)


def make_load_balancer(client: ElasticLoadBalancingv2Client) -> tuple[str, list[str]]:
    """Create a load balancer with two target groups; return their ARNs."""
    ec2 = boto3.client("ec2", region_name=REGION)
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{index}.0/24", AvailabilityZone=REGION + zone)
        for index, zone in enumerate("ab")
    ]
    arn = client.create_load_balancer(
        Name="main", Subnets=[each["Subnet"]["SubnetId"] for each in subnets]
    )["LoadBalancers"][0]["LoadBalancerArn"]
    groups = [
        client.create_target_group(
            Name=name,
            Protocol="HTTP",
            Port=3001,
            VpcId=vpc,
            TargetType="ip",
            HealthCheckPath="/readyz",
            HealthCheckTimeoutSeconds=3,
            UnhealthyThresholdCount=4,
            Matcher={"HttpCode": "200-299"},
        )["TargetGroups"][0]["TargetGroupArn"]
        for name in ("blue", "green")
    ]
    return arn, groups


def test_read_load_balancer_finds_all_of_it(elbv2: ElasticLoadBalancingv2Client) -> None:
    """What boto3's calls answer becomes the same load balancer, rules in order of priority."""
    arn, (blue, green) = make_load_balancer(elbv2)
    elbv2.modify_load_balancer_attributes(
        LoadBalancerArn=arn,
        Attributes=[
            {"Key": "idle_timeout.timeout_seconds", "Value": "360"},
            {"Key": "routing.http.drop_invalid_header_fields.enabled", "Value": "true"},
        ],
    )
    elbv2.register_targets(TargetGroupArn=blue, Targets=[{"Id": "10.0.0.7", "Port": 3001}])
    elbv2.create_listener(LoadBalancerArn=arn, Port=80, Protocol="HTTP", DefaultActions=[REDIRECT])
    acm = boto3.client("acm", region_name=REGION)
    certificate = acm.request_certificate(DomainName="localhost")["CertificateArn"]
    https = elbv2.create_listener(
        LoadBalancerArn=arn,
        Port=443,
        Protocol="HTTPS",
        Certificates=[{"CertificateArn": certificate}],
        SslPolicy="ELBSecurityPolicy-TLS13-1-2-2021-06",
        DefaultActions=[NOT_FOUND],
    )["Listeners"][0]["ListenerArn"]
    weighted: list[Any] = [
        {"TargetGroupArn": blue, "Weight": 100},
        {"TargetGroupArn": green, "Weight": 0},
    ]
    for priority, path in ((20, "/*"), (3, "/ws")):
        elbv2.create_rule(
            ListenerArn=https,
            Priority=priority,
            Conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": [path]}}],
            Actions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": weighted}}],
        )
    found = read_load_balancer(elbv2, arn)
    http, secure = sorted(found.listeners, key=lambda each: each.port)
    assert (found.idle_seconds, found.drops_invalid_headers) == (360.0, True)
    assert found.groups[blue].targets == (Target("10.0.0.7", 3001),)
    assert found.groups[green].health_check == HealthCheck(
        path="/readyz", statuses="200-299", timeout_seconds=3, unhealthy_count=4
    )
    assert http.default == Redirect(status=301, protocol="HTTPS", port="443")
    assert secure.default == FixedResponse(status=404, body="no")
    assert secure.rules[0].action == Forward(((blue, 100), (green, 0)))
    assert [rule.conditions[0].expression for rule in secure.rules] == ["^(?:/ws)$", "^(?:/.*)$"]


def build(
    *,
    action: dict[str, Any] | None = None,
    condition: dict[str, Any] | None = None,
    policy: str = "",
    health: list[Any] | None = None,
    group: dict[str, Any] | None = None,
) -> LoadBalancer:
    """Build a load balancer around one part of it."""
    listener: Any = {
        "ListenerArn": "l",
        "Port": 443,
        "Protocol": "HTTPS",
        "SslPolicy": policy,
        "DefaultActions": [action or NOT_FOUND],
    }
    rule: Any = {"Priority": "1", "Conditions": [condition], "Actions": [NOT_FOUND]}
    own: Any = {"TargetGroupArn": "g", "TargetGroupName": "main", "Port": 80, **(group or {})}
    return build_load_balancer(
        attributes=[],
        listeners=[listener],
        rules={"l": [rule] if condition else []},
        groups=[own],
        health={"g": health or []},
    )


CONDITIONS: dict[str, tuple[dict[str, Any], list[str], list[str]]] = {
    "path": (
        {"Field": "path-pattern", "Values": ["/a/*", "/b?c"]},
        ["/a/", "/a/b/c", "/bxc"],
        ["/a", "/A/", "/bc", "/x/a/"],
    ),
    "host": (
        {"Field": "host-header", "HostHeaderConfig": {"Values": ["*.example.test"]}},
        ["a.example.test", "A.EXAMPLE.TEST"],
        ["example.test", "a-example.test"],
    ),
    "method": (
        {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["PUT", "GET"]}},
        ["GET", "PUT"],
        ["get", "GETS"],
    ),
    "header": (
        {
            "Field": "http-header",
            "HttpHeaderConfig": {"HttpHeaderName": "X-Key", "Values": ["a*+"]},
        },
        ["abc+", "A+"],
        ["abc", "xa+"],
    ),
    "query": (
        {
            "Field": "query-string",
            "QueryStringConfig": {"Values": [{"Key": "v", "Value": "1*"}, {"Value": "any"}]},
        },
        ["v=12", "a=0&v=1", "a=any&b=2"],
        ["v=2", "vv=1", "a=0&v=2&w=1", "a=anyone"],
    ),
}


@pytest.mark.parametrize("subject", CONDITIONS)
def test_condition_means_what_the_load_balancer_means(subject: str) -> None:
    """Wildcards, case and combinations are those of the load balancer's documentation."""
    condition, fitting, others = CONDITIONS[subject]
    built = build(condition=condition).listeners[0].rules[0].conditions[0]
    assert built.subject == subject
    assert [text for text in fitting if not built.fits(text)] == []
    assert [text for text in others if built.fits(text)] == []


@pytest.mark.parametrize(
    ("policy", "least"),
    [
        ("ELBSecurityPolicy-TLS13-1-2-Res-2021-06", "1.2"),
        ("ELBSecurityPolicy-TLS13-1-3-2021-06", "1.3"),
        ("ELBSecurityPolicy-2016-08", "1.2"),
    ],
)
def test_policy_names_the_oldest_tls(policy: str, least: str) -> None:
    """Policies that end at 1.3 are kept, and nothing below 1.2 is ever served."""
    assert build(policy=policy).listeners[0].min_tls == least


def test_targets_that_leave_are_left_out() -> None:
    """Draining targets get nothing new; unhealthy ones are judged by the terminator itself."""
    health = [
        {"Target": {"Id": f"10.0.0.{index}"}, "TargetHealth": {"State": state}}
        for index, state in enumerate(["healthy", "draining", "unhealthy", "unused", "initial"])
    ]
    hosts = [target.host for target in build(health=health).groups["g"].targets]
    assert hosts == ["10.0.0.0", "10.0.0.2", "10.0.0.4"]


def test_health_checks_may_be_off_or_elsewhere() -> None:
    """A group without checks has none, another port is kept."""
    assert build(group={"HealthCheckEnabled": False}).groups["g"].health_check is None
    check = build(group={"HealthCheckPort": "9000"}).groups["g"].health_check
    assert check is not None
    assert check.port == 9000


def test_targets_are_replaced_by_name() -> None:
    """A process that stands in for a task takes the place of the registered address."""
    target = Target("127.0.0.1", 4001)
    assert build().with_targets({"g": [target]}).groups["g"].targets == (target,)


UNSUPPORTED: dict[str, dict[str, Any]] = {
    "authenticate-cognito": {"action": {"Type": "authenticate-cognito"}},
    "left ForwardConfig out": {"action": {"Type": "forward"}},
    "source-ip": {"condition": {"Field": "source-ip", "Values": ["10.0.0.0/8"]}},
    "regular expression": {"condition": {"Field": "path-pattern", "RegexValues": ["a+"]}},
    "main speaks HTTPS": {"group": {"Protocol": "HTTPS"}},
    "control character": {"condition": {"Field": "path-pattern", "Values": ["/\r\nx"]}},
}


@pytest.mark.parametrize("words", UNSUPPORTED)
def test_what_no_terminator_can_do_is_refused(words: str) -> None:
    """Nothing is passed over in silence: one line says what is not served."""
    with pytest.raises(UnsupportedError, match=words) as refusal:
        build(**UNSUPPORTED[words])
    assert "\n" not in str(refusal.value)


def test_forward_to_a_group_that_is_not_there_is_refused() -> None:
    """A listener of another load balancer's group is a mistake of the caller."""
    with pytest.raises(ValueError, match="no target group is called x"):
        build(action={"Type": "forward", "TargetGroupArn": "x"})
