from __future__ import annotations

import json
from typing import Any

import pytest

from infra.settings import environment_names, load_environment, timing
from tests.fakes.environments import environment_with, frozen_environment
from tests.fakes.stack_variants import environment_named
from tests.fakes.stacks import GUARDED, StackShelf, Template

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
    return stacks(frozen_environment("prod")).part("Realtime")


@pytest.fixture(scope="session")
def full(stacks: StackShelf) -> Template:
    return stacks(environment_named("no domain, everything on")).part("Realtime")


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


def test_realtime_never_waits_for_its_log(plain: Template, stacks: StackShelf) -> None:
    """A slow log service loses lines rather than hold conversations up, from a bounded buffer.

    It has room for four times the transcripts that a task may hold back, and for 25 MiB.
    """
    small = stacks(environment_with(GUARDED)).part("Realtime")
    for realtime, mebibytes in ((plain, 128), (small, 32)):
        options = container(realtime)["LogConfiguration"]["Options"]
        assert options["mode"] == "non-blocking"
        assert options["max-buffer-size"] == f"{mebibytes * 1024 * 1024}b"


def test_realtime_lets_the_task_write_transcripts_and_nothing_else(plain: Template) -> None:
    """One action on one table."""
    policy = plain.named("TaskDefinitionTaskRoleDefaultPolicy", "AWS::IAM::Policy")
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement["Action"] == "dynamodb:BatchWriteItem"
    assert "Transcripts" in json.dumps(statement["Resource"])


@pytest.mark.parametrize(
    ("name", "word"), [("dev", "ARM64"), ("blue/green without a domain", "X86_64")]
)
def test_realtime_names_the_platform_on_the_task(name: str, word: str, stacks: StackShelf) -> None:
    """The task runs where its image was built for, as `service.architecture` says."""
    platform = stacks(environment_named(name)).part("Realtime").only(TASK)["RuntimePlatform"]
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


@pytest.mark.parametrize("name", environment_names())
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
    realtime = stacks(frozen_environment(name)).part("Realtime")
    told = attributes(realtime.only(BALANCER), "LoadBalancerAttributes")
    assert told["deletion_protection.enabled"] == protection


def test_realtime_allows_commands_by_setting_only(plain: Template, full: Template) -> None:
    """ECS Exec needs a writable root, so both change together."""
    assert plain.only(SERVICE)["EnableExecuteCommand"] is False
    assert "ssmmessages" not in plain.text
    assert full.only(SERVICE)["EnableExecuteCommand"] is True
    assert container(full)["ReadonlyRootFilesystem"] is False


def test_realtime_runs_on_spot_by_setting(plain: Template, full: Template) -> None:
    """One capacity provider, named by the setting."""
    for realtime, provider in ((plain, "FARGATE"), (full, "FARGATE_SPOT")):
        strategy = realtime.only(SERVICE)["CapacityProviderStrategy"]
        assert strategy == [{"CapacityProvider": provider, "Weight": 1}]


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


def test_realtime_starts_an_init_process(plain: Template) -> None:
    """A SIGTERM in the task's first moments reaches the server."""
    assert container(plain)["LinuxParameters"]["InitProcessEnabled"] is True
