from __future__ import annotations

import json
from typing import Any

import pytest

from infra.settings import load_environment, timing
from tests.fakes.environments import environment_with
from tests.fakes.stack_variants import environment_named
from tests.fakes.stacks import StackShelf, Template

BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"
GROUP = "AWS::ElasticLoadBalancingV2::TargetGroup"
LISTENER = "AWS::ElasticLoadBalancingV2::Listener"
RULE = "AWS::ElasticLoadBalancingV2::ListenerRule"
SERVICE = "AWS::ECS::Service"
TASK = "AWS::ECS::TaskDefinition"
GATE = "Custom::KeyGate"


@pytest.fixture(scope="session")
def plain(stacks: StackShelf) -> Template:
    return stacks(environment_with()).part("Realtime")


@pytest.fixture(scope="session")
def prod(stacks: StackShelf) -> Template:
    return stacks(load_environment("prod")).part("Realtime")


@pytest.fixture(scope="session")
def local(stacks: StackShelf) -> Template:
    return stacks(load_environment("local")).part("Realtime")


@pytest.fixture(scope="session")
def full(stacks: StackShelf) -> Template:
    return stacks(environment_named("no domain, everything on")).part("Realtime")


@pytest.fixture(scope="session")
def existing(stacks: StackShelf) -> Template:
    return stacks(environment_named("own domain in an existing network")).part("Realtime")


def container(realtime: Template) -> dict[str, Any]:
    (found,) = realtime.only(TASK)["ContainerDefinitions"]
    assert isinstance(found, dict)
    return found


def attributes(properties: dict[str, Any], key: str) -> dict[str, str]:
    return {each["Key"]: each["Value"] for each in properties[key]}


def depends_on(realtime: Template, kind: str) -> set[str]:
    (resource,) = realtime.resources(kind).values()
    return set(resource.get("DependsOn", []))


@pytest.mark.parametrize("kind", [SERVICE, BALANCER])
def test_realtime_waits_for_the_key_before_what_takes_long(kind: str, plain: Template) -> None:
    """Without a key a deployment fails within a minute, not after hours of failing tasks."""
    (gate,) = plain.resources(GATE)
    assert gate in depends_on(plain, kind)
    assert int(plain.only(GATE)["ServiceTimeout"]) <= 120


def test_realtime_gives_the_gate_its_one_secret(plain: Template) -> None:
    """It may read the key, and nothing else."""
    policy = plain.named("KeyGateGuardRoleDefaultPolicy", "AWS::IAM::Policy")
    reads = [
        statement["Resource"]
        for statement in policy["PolicyDocument"]["Statement"]
        if "secretsmanager:GetSecretValue" in statement["Action"]
    ]
    assert reads == [plain.only(GATE)["SecretArn"]]


@pytest.mark.parametrize(
    "prefix", ["TaskDefinitionExecutionRole", "TaskDefinitionTaskRole", "FargateCapacity"]
)
def test_realtime_makes_what_tasks_need_before_its_service(prefix: str, plain: Template) -> None:
    """Roles with their policies, and the cluster's capacity, which outlives the service too."""
    needed = {name for name in plain.resources() if name.startswith(prefix)}
    assert needed
    assert needed <= depends_on(plain, SERVICE)


def test_realtime_knows_no_engine(plain: Template) -> None:
    """The engine comes later, and says itself who it is."""
    assert "Custom::SpeechEngine" not in plain.text
    assert "-Api:" not in plain.text


def test_realtime_runs_a_task_that_can_write_nothing(plain: Template) -> None:
    """Read-only root, no capabilities, no privileges."""
    task = container(plain)
    assert task["ReadonlyRootFilesystem"] is True
    assert task["LinuxParameters"]["Capabilities"] == {"Drop": ["ALL"]}
    assert "Privileged" not in task


def test_realtime_passes_secrets_by_reference(plain: Template) -> None:
    """ECS fetches both by ARN, so that no value stands in a definition."""
    secrets = {each["Name"]: each["ValueFrom"] for each in container(plain)["Secrets"]}
    assert set(secrets) == {"ELEVENLABS_API_KEY", "SPEECH_ENGINE_HEADER_SECRET"}
    assert all("Fn::ImportValue" in arn for arn in secrets.values())


def test_realtime_never_waits_for_its_log(plain: Template) -> None:
    """A slow log service loses lines from a bounded buffer rather than holding conversations up."""
    options = container(plain)["LogConfiguration"]["Options"]
    assert options["mode"] == "non-blocking"
    assert options["max-buffer-size"] == f"{25 * 1024 * 1024}b"


def test_realtime_lets_the_task_write_transcripts_and_nothing_else(plain: Template) -> None:
    """One action on one table."""
    policy = plain.named("TaskDefinitionTaskRoleDefaultPolicy", "AWS::IAM::Policy")
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement["Action"] == "dynamodb:BatchWriteItem"
    assert "Transcripts" in json.dumps(statement["Resource"])


@pytest.mark.parametrize(("architecture", "word"), [("arm64", "ARM64"), ("x86_64", "X86_64")])
def test_realtime_names_the_platform_on_the_task(
    architecture: str, word: str, stacks: StackShelf
) -> None:
    """The task runs where its image was built for."""
    environment = environment_with({"service.architecture": architecture})
    platform = stacks(environment).part("Realtime").only(TASK)["RuntimePlatform"]
    assert platform == {"CpuArchitecture": word, "OperatingSystemFamily": "LINUX"}


def test_realtime_gives_tasks_addresses_without_nat(plain: Template, full: Template) -> None:
    """A public subnet has no way out without one; a private subnet needs none."""
    public, private = (
        template.only(SERVICE)["NetworkConfiguration"]["AwsvpcConfiguration"]
        for template in (plain, full)
    )
    assert (public["AssignPublicIp"], private["AssignPublicIp"]) == ("ENABLED", "DISABLED")
    assert "PublicSubnet" in json.dumps(public["Subnets"])
    assert "PrivateSubnet" in json.dumps(private["Subnets"])


def test_realtime_keeps_tasks_where_they_are(plain: Template) -> None:
    """Rebalancing zones would stop tasks in the middle of conversations."""
    assert plain.only(SERVICE)["AvailabilityZoneRebalancing"] == "DISABLED"


def test_realtime_rolls_back_a_rolling_deployment_that_fails(plain: Template) -> None:
    """The circuit breaker is on, and new tasks run before old ones go."""
    deployment = plain.only(SERVICE)["DeploymentConfiguration"]
    assert deployment["DeploymentCircuitBreaker"] == {"Enable": True, "Rollback": True}
    assert (deployment["MinimumHealthyPercent"], deployment["MaximumPercent"]) == (100, 200)


def test_realtime_rolls_back_blue_green_by_alarms(prod: Template) -> None:
    """Each watched alarm exists, and none looks at the service that waits for it."""
    deployment = prod.only(SERVICE)["DeploymentConfiguration"]
    assert deployment["Strategy"] == "BLUE_GREEN"
    assert deployment["Alarms"]["Rollback"] is True
    alarms = prod.resources("AWS::CloudWatch::Alarm")
    watched = [each["Ref"] for each in deployment["Alarms"]["AlarmNames"]]
    assert len(watched) >= 2
    assert all("FargateService" not in json.dumps(alarms[name]) for name in watched)
    assert all(alarms[name]["Properties"]["TreatMissingData"] == "notBreaching" for name in watched)


def test_realtime_leaves_the_number_of_tasks_to_autoscaling(
    plain: Template, full: Template
) -> None:
    """A deployment that set the number back would stop busy tasks."""
    assert plain.only(SERVICE)["DesiredCount"] == 1
    assert "DesiredCount" not in full.only(SERVICE)
    target = full.only("AWS::ApplicationAutoScaling::ScalableTarget")
    assert (target["MinCapacity"], target["MaxCapacity"]) == (1, 4)


@pytest.mark.parametrize("name", ["dev", "prod", "preview", "local"])
def test_realtime_outlasts_conversations(name: str, stacks: StackShelf) -> None:
    """Engine's maximum < server's end ≤ deregistration delay < bake; grace < stop timeout ≤ 120."""
    environment = load_environment(name)
    realtime = stacks(environment).part("Realtime")
    longest = environment.engine.conversation.max_duration_seconds
    told = {each["Name"]: each["Value"] for each in container(realtime)["Environment"]}
    ends = int(told["SPEECH_ENGINE_CONVERSATION_SECONDS"])
    assert longest < ends
    for group in realtime.properties(GROUP):
        delay = attributes(group, "TargetGroupAttributes")["deregistration_delay.timeout_seconds"]
        assert ends <= int(delay) <= 3600
    deployment = realtime.only(SERVICE)["DeploymentConfiguration"]
    if environment.service.deployment.strategy == "blue_green":
        assert deployment["BakeTimeInMinutes"] * 60 >= ends + timing.BAKE_MARGIN_SECONDS
    grace, stop = int(told["SPEECH_ENGINE_STOP_GRACE_SECONDS"]), container(realtime)["StopTimeout"]
    assert grace + timing.STOP_MARGIN_SECONDS < stop <= 120


def test_realtime_lets_the_balancer_wait_longer_than_pings(plain: Template) -> None:
    """An idle WebSocket is kept by pings, of which several fit into the balancer's patience."""
    told = attributes(plain.only(BALANCER), "LoadBalancerAttributes")
    assert int(told["idle_timeout.timeout_seconds"]) >= 3 * timing.KEEPALIVE_SECONDS


def test_realtime_asks_tasks_whether_they_are_ready(plain: Template) -> None:
    """The balancer asks /readyz; the container is only asked whether it lives."""
    (group,) = plain.properties(GROUP)
    assert group["HealthCheckPath"] == "/readyz"
    assert container(plain)["HealthCheck"]["Command"] == ["CMD", "python", "-m", "service.health"]


def test_realtime_drops_invalid_headers_and_logs_access(plain: Template) -> None:
    """What a parser could misread never reaches a task, and each request leaves a line."""
    told = attributes(plain.only(BALANCER), "LoadBalancerAttributes")
    assert told["routing.http.drop_invalid_header_fields.enabled"] == "true"
    assert told["access_logs.s3.enabled"] == "true"


@pytest.mark.parametrize(("name", "protection"), [("dev", "false"), ("prod", "true")])
def test_realtime_protects_the_balancer_by_setting(
    name: str, protection: str, stacks: StackShelf
) -> None:
    """What callers know the address of is deleted by nobody's mistake."""
    realtime = stacks(load_environment(name)).part("Realtime")
    told = attributes(realtime.only(BALANCER), "LoadBalancerAttributes")
    assert told["deletion_protection.enabled"] == protection


def test_realtime_forwards_the_websockets_path_alone(plain: Template) -> None:
    """Every other path is answered by the balancer itself."""
    rule = plain.only(RULE)
    assert rule["Conditions"] == [
        {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/ws"]}}
    ]
    (listener,) = plain.properties(LISTENER)
    assert listener["DefaultActions"][0]["FixedResponseConfig"] == {"StatusCode": "404"}


def test_realtime_names_its_address_and_certificate(prod: Template) -> None:
    """A hosted zone gives both: a validated certificate and a record that points here."""
    certificate = prod.only("AWS::CertificateManager::Certificate")
    assert certificate["DomainName"] == "voice.example.com"
    assert certificate["ValidationMethod"] == "DNS"
    record = prod.only("AWS::Route53::RecordSet")
    assert (record["Name"], record["Type"]) == ("voice.example.com.", "A")
    assert prod.outputs["WebSocketUrl"] == "wss://voice.example.com/ws"


def test_realtime_uses_a_certificate_and_a_port_that_are_given(local: Template) -> None:
    """Without a zone nothing is validated or recorded; another port is in the address."""
    assert local.resources("AWS::CertificateManager::Certificate") == {}
    assert local.resources("AWS::Route53::RecordSet") == {}
    ports = {each["Port"]: each for each in local.properties(LISTENER)}
    assert set(ports) == {80, 8443}
    assert ports[8443]["Certificates"][0]["CertificateArn"].startswith("arn:aws:acm:")
    assert local.outputs["WebSocketUrl"] == "wss://localhost:8443/ws"


def test_realtime_passes_every_header_through_cloudfront_and_caches_nothing(
    plain: Template,
) -> None:
    """The managed policies AllViewer and CachingDisabled, and every method."""
    distribution = plain.only("AWS::CloudFront::Distribution")["DistributionConfig"]
    behaviour = distribution["DefaultCacheBehavior"]
    assert behaviour["OriginRequestPolicyId"] == "216adef6-5c7f-47e4-b989-5492eafa07d3"
    assert behaviour["CachePolicyId"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
    assert len(behaviour["AllowedMethods"]) == 7


def test_realtime_answers_nobody_with_anothers_refusal(plain: Template) -> None:
    """A full or restarting server's 503, and any other, is for the one who asked."""
    distribution = plain.only("AWS::CloudFront::Distribution")["DistributionConfig"]
    kept = {each["ErrorCode"]: each["ErrorCachingMinTTL"] for each in _errors(distribution)}
    assert {403, 500, 502, 503, 504} <= set(kept)
    assert set(kept.values()) == {0}


def _errors(distribution: dict[str, Any]) -> list[dict[str, int]]:
    found: list[dict[str, int]] = distribution["CustomErrorResponses"]
    return found


def test_realtime_hides_the_internal_balancer(plain: Template) -> None:
    """It stands in subnets without a way out."""
    assert plain.only(BALANCER)["Scheme"] == "internal"
    assert "IsolatedSubnet" in json.dumps(plain.only(BALANCER)["Subnets"])


def test_realtime_opens_the_internal_balancer_after_the_distribution(plain: Template) -> None:
    """CloudFront's security group exists once the distribution does, and gets port 80 only."""
    (distribution,) = plain.resources("AWS::CloudFront::Distribution")
    assert distribution in depends_on(plain, "Custom::OriginAccess")
    opening = plain.only("Custom::OriginAccess")
    assert opening["Port"] == "80"
    assert "FrontFirewall" in json.dumps(opening["SecurityGroupId"])
    assert int(opening["ServiceTimeout"]) <= 600


def test_realtime_lets_the_opener_change_one_firewall(plain: Template) -> None:
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
    distribution = full.only("AWS::CloudFront::Distribution")["DistributionConfig"]
    assert "Waf" in json.dumps(distribution["WebACLId"])


def test_realtime_allows_commands_by_setting_only(plain: Template, full: Template) -> None:
    """ECS Exec needs a writable root, so both change together."""
    assert plain.only(SERVICE)["EnableExecuteCommand"] is False
    assert "ssmmessages" not in plain.text
    assert full.only(SERVICE)["EnableExecuteCommand"] is True
    assert container(full)["ReadonlyRootFilesystem"] is False


@pytest.mark.parametrize(
    ("changes", "provider"), [({}, "FARGATE"), ({"service.spot": True}, "FARGATE_SPOT")]
)
def test_realtime_runs_on_spot_by_setting(
    changes: dict[str, Any], provider: str, stacks: StackShelf
) -> None:
    """One capacity provider, named by the setting."""
    service = stacks(environment_with(changes)).part("Realtime").only(SERVICE)
    assert service["CapacityProviderStrategy"] == [{"CapacityProvider": provider, "Weight": 1}]


def test_realtime_rings_when_nobody_answers(prod: Template, plain: Template) -> None:
    """No healthy task, or no word of any, is an alarm; without anybody to tell there is none."""
    alarm = prod.named("AlarmsNobodyAnswers", "AWS::CloudWatch::Alarm")
    assert alarm["TreatMissingData"] == "breaching"
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("LessThanThreshold", 1)
    assert plain.resources("AWS::CloudWatch::Alarm") == {}


def test_realtime_stays_cheap_about_metrics(plain: Template) -> None:
    """Container Insights is off: the free metrics carry the alarms."""
    settings = plain.only("AWS::ECS::Cluster")["ClusterSettings"]
    assert settings == [{"Name": "containerInsights", "Value": "disabled"}]
