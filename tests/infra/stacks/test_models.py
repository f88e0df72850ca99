"""What the agent's models ask of the stacks: keys, rights, packages, ports, and who is told."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.fakes.environments import environment_with, frozen_environment
from tests.fakes.stack_variants import ACCOUNT, PROFILE, environment_named
from tests.fakes.stacks import Stacks, StackShelf, Template

EVENTS = ("model switched", "model rested", "model refused", "answer failed")
NOVA_LITE = f"arn:aws:bedrock:us-east-1:{ACCOUNT}:inference-profile/us.amazon.nova-lite-v1:0"
FILTER = "AWS::Logs::MetricFilter"
TASK_ROLE = "TaskDefinitionTaskRole"


@pytest.fixture(scope="session")
def plain(stacks: StackShelf) -> Stacks:
    return stacks(environment_with())


@pytest.fixture(scope="session")
def prod(stacks: StackShelf) -> Template:
    return stacks(frozen_environment("prod")).part("Realtime")


@pytest.fixture(scope="session")
def full(stacks: StackShelf) -> Template:
    return stacks(environment_named("no domain, everything on")).part("Realtime")


@pytest.fixture(scope="session")
def keyed(stacks: StackShelf) -> Stacks:
    return stacks(environment_named("own domain in an existing network"))


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def statements(realtime: Template, role: str) -> list[dict[str, Any]]:
    """What a role's own policy says."""
    policy = realtime.named(f"{role}DefaultPolicy", "AWS::IAM::Policy")
    found: list[dict[str, Any]] = policy["PolicyDocument"]["Statement"]
    return found


def readable_secrets(realtime: Template, role: str) -> list[str]:
    return sorted(
        json.dumps(arn)
        for statement in statements(realtime, role)
        if "secretsmanager:GetSecretValue" in statement["Action"]
        for arn in listed(statement["Resource"])
    )


def arn_text(arn: Any) -> str:
    """An ARN as one text, with the account of these tests."""
    known = {"AWS::Partition": "aws", "AWS::AccountId": ACCOUNT}
    parts = [arn] if isinstance(arn, str) else arn["Fn::Join"][1]
    return "".join(part if isinstance(part, str) else known[part["Ref"]] for part in parts)


def asked_models(realtime: Template) -> list[tuple[str, str | None]]:
    """What the task may ask for an answer: ARNs, each with the profile that it is bound to."""
    return sorted(
        (arn_text(arn), bound_to(statement))
        for statement in statements(realtime, TASK_ROLE)
        if statement["Action"] == "bedrock:InvokeModelWithResponseStream"
        for arn in listed(statement["Resource"])
    )


def bound_to(statement: dict[str, Any]) -> str | None:
    condition = statement.get("Condition", {}).get("StringEquals", {})
    return arn_text(condition["bedrock:InferenceProfileArn"]) if condition else None


def test_models_keys_are_waited_for_one_by_one(keyed: Stacks) -> None:
    """A key has a gate of its own, which names its secret, and the service waits for all."""
    realtime = keyed.part("Realtime")
    gates = realtime.resources("Custom::KeyGate")
    (service,) = realtime.resources("AWS::ECS::Service").values()
    assert gates.keys() <= set(service["DependsOn"])
    held = [json.dumps(each["Properties"]["SecretArn"]) for each in gates.values()]
    assert len(held) == 3
    assert sorted(held) == readable_secrets(realtime, "KeyGateGuardRole")


def test_models_keys_reach_tasks_and_no_others_do(keyed: Stacks) -> None:
    """What the role that starts a task may read is what the task is given."""
    realtime = keyed.part("Realtime")
    (container,) = realtime.only("AWS::ECS::TaskDefinition")["ContainerDefinitions"]
    given = {each["Name"]: json.dumps(each["ValueFrom"]) for each in container["Secrets"]}
    assert set(given) == {
        "ELEVENLABS_API_KEY",
        "SPEECH_ENGINE_HEADER_SECRET",
        "ANTHROPIC_API_KEY",
        "OPENAI_CHAT_API_KEY",
    }
    assert sorted(given.values()) == readable_secrets(realtime, "TaskDefinitionExecutionRole")


def test_models_provider_can_go_again(keyed: Stacks) -> None:
    """No export holds a provider's key, or a deployment could not take another's instead."""
    outputs = keyed.part("Foundation").content["Outputs"].values()
    exported = json.dumps([each["Value"] for each in outputs if "Export" in each])
    assert '"ApiKey"' in exported
    assert '"AnthropicKey"' not in exported


def test_models_packages_are_in_the_image(keyed: Stacks, plain: Stacks) -> None:
    """The models' groups are asked for; what another group locks can't change the image."""
    (image,) = keyed.images
    assert image.arguments == {"MODEL_PACKAGES": "anthropic openai"}
    assert image.locks == ["anthropic.txt", "container.txt", "openai.txt"]
    (smallest,) = plain.images
    assert smallest.arguments == {"MODEL_PACKAGES": ""}
    assert smallest.locks == ["container.txt"]


def test_models_server_is_reached_at_its_port(keyed: Stacks, plain: Stacks) -> None:
    """Tasks reach port 443 and those in the models' addresses, and nothing else."""
    for made, ports in ((plain, [443]), (keyed, [443, 8443])):
        firewall = made.part("Realtime").named("FargateFirewall", "AWS::EC2::SecurityGroup")
        assert [rule["FromPort"] for rule in firewall["SecurityGroupEgress"]] == ports


def test_models_of_bedrock_are_asked_by_the_chosen_profile_alone(prod: Template) -> None:
    """An inference profile, and its model wherever AWS sends the call, by that profile alone."""
    assert asked_models(prod) == [
        ("arn:aws:bedrock:*::foundation-model/amazon.nova-lite-v1:0", NOVA_LITE),
        (NOVA_LITE, None),
    ]
    assert "bedrock:ApplyGuardrail" not in prod.text


def test_models_of_bedrock_may_be_models_and_profiles_of_ones_own(full: Template) -> None:
    """A model is granted in its region; a profile's ARN tells no model, so its condition binds."""
    assert asked_models(full) == [
        ("arn:aws:bedrock:*::foundation-model/*", PROFILE),
        (PROFILE, None),
        ("arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-micro-v1:0", None),
    ]


def test_models_of_bedrock_may_have_a_guardrail(full: Template) -> None:
    """One action on one guardrail, whatever its version."""
    guarded = [
        arn_text(each["Resource"])
        for each in statements(full, TASK_ROLE)
        if each["Action"] == "bedrock:ApplyGuardrail"
    ]
    assert guarded == [f"arn:aws:bedrock:us-east-1:{ACCOUNT}:guardrail/gr1a2b3c"]


def test_models_of_others_need_no_right_in_aws(keyed: Stacks) -> None:
    """Without a model of Amazon Bedrock the task has nothing to do with it."""
    assert '"bedrock:' not in keyed.part("Realtime").text


def test_models_are_counted_in_what_the_log_tells(prod: Template, plain: Stacks) -> None:
    """Each event has a filter on the server's log, in a namespace of the environment."""
    counted = {
        (metric["MetricNamespace"], metric["MetricName"], each["FilterPattern"])
        for each in prod.properties(FILTER)
        for metric in each["MetricTransformations"]
    }
    assert counted >= {
        ("SpeechEngine/prod", event, f'{{ $.event = "{event}" }}') for event in EVENTS
    }
    assert "model switched" in json.dumps(plain.part("Realtime").resources(FILTER))


@pytest.mark.parametrize(
    ("name", "event"), [("AnswersFail", "answer failed"), ("ModelRefuses", "model refused")]
)
def test_models_that_do_not_answer_ring(name: str, event: str, prod: Template) -> None:
    """Apologies and refusals tell somebody; without any there is nothing to tell."""
    alarm = prod.named(f"Models{name}", "AWS::CloudWatch::Alarm")
    (query,) = alarm["Metrics"]
    assert query["MetricStat"]["Metric"]["MetricName"] == event
    assert alarm["TreatMissingData"] == "notBreaching"


def test_models_have_their_row_on_the_dashboard(stacks: StackShelf) -> None:
    """All four counts are on it."""
    api = stacks(frozen_environment("prod")).part("Api")
    dashboard = json.dumps(api.only("AWS::CloudWatch::Dashboard"))
    for event in EVENTS:
        assert event in dashboard
