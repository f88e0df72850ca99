from __future__ import annotations

import json

import pytest

from tests.fakes.environments import environment_with, frozen_environment
from tests.fakes.stack_variants import BOUNDARY, environment_named
from tests.fakes.stacks import GUARDED, StackShelf, Template

TABLE = "AWS::DynamoDB::GlobalTable"
SECRET = "AWS::SecretsManager::Secret"


@pytest.fixture(scope="session")
def plain(stacks: StackShelf) -> Template:
    return stacks(environment_with()).part("Foundation")


@pytest.fixture(scope="session")
def protected(stacks: StackShelf) -> Template:
    return stacks(frozen_environment("prod")).part("Foundation")


@pytest.fixture(scope="session")
def full(stacks: StackShelf) -> Template:
    return stacks(environment_named("no domain, everything on")).part("Foundation")


def test_foundation_leaves_the_api_key_empty(plain: Template) -> None:
    """Nobody invents a key: without a value the gate can see that it is missing."""
    key = plain.named("ApiKey", SECRET)
    assert "GenerateSecretString" not in key
    assert "SecretString" not in key


def test_foundation_has_an_empty_secret_for_each_key_that_models_need(stacks: StackShelf) -> None:
    """Each is named by its provider, holds nothing, and goes or stays as the settings say."""
    foundation = stacks(environment_named("own domain in an existing network")).part("Foundation")
    names = {name for name in foundation.resources(SECRET) if name.endswith("Key")}
    assert names == {"ApiKey", "AnthropicKey", "OpenAiChatKey"}
    for name in names:
        assert set(foundation.resources(SECRET)[name]["Properties"]) == {"Description", "Tags"}
        assert foundation.resources(SECRET)[name]["DeletionPolicy"] == "Delete"
        assert foundation.outputs[f"{name}SecretArn"] == {"Ref": name}


def test_foundation_generates_the_header_secret_as_json(plain: Template) -> None:
    """The value is one JSON object whose `current` is 48 letters and digits."""
    secret = plain.named("HeaderSecret", SECRET)["GenerateSecretString"]
    assert secret == {
        "SecretStringTemplate": "{}",
        "GenerateStringKey": "current",
        "PasswordLength": 48,
        "ExcludePunctuation": True,
    }


def test_foundation_keeps_what_settings_protect(protected: Template) -> None:
    """Table and secrets outlive their stack, and the table refuses to be deleted."""
    for kind in (TABLE, SECRET):
        for resource in protected.resources(kind).values():
            assert resource["DeletionPolicy"] == "Retain"
            assert resource["UpdateReplacePolicy"] == "Retain"
    (replica,) = protected.only(TABLE)["Replicas"]
    assert replica["DeletionProtectionEnabled"] is True


def test_foundation_leaves_nothing_behind_unless_told(plain: Template) -> None:
    """Without `data.retain` nothing stays, and nothing refuses to go."""
    assert "Retain" not in plain.text
    (replica,) = plain.only(TABLE)["Replicas"]
    assert not replica.get("DeletionProtectionEnabled")


def test_foundation_has_the_index_of_days(plain: Template) -> None:
    """Heads are found by day and shard, newest last, with all they hold."""
    (index,) = plain.only(TABLE)["GlobalSecondaryIndexes"]
    assert index["IndexName"] == "by_day"
    assert [each["AttributeName"] for each in index["KeySchema"]] == ["day_shard", "started_at"]
    assert index["Projection"] == {"ProjectionType": "ALL"}


def test_foundation_has_no_nat_gateway_by_default(plain: Template) -> None:
    """What costs 33 USD a month is there only when asked for; the way out is the gateway."""
    assert plain.resources("AWS::EC2::NatGateway") == {}
    assert plain.resources("AWS::EC2::VPCGatewayAttachment")


def test_foundation_keeps_addresses_when_nat_is_switched_on(
    plain: Template, full: Template
) -> None:
    """A subnet that exists keeps its range, or a switch would replace the network."""
    before, after = (_ranges(template) for template in (plain, full))
    assert before.items() <= after.items()
    assert len(after) == len(before) + 2


def _ranges(template: Template) -> dict[str, str]:
    subnets = template.resources("AWS::EC2::Subnet")
    return {name: subnet["Properties"]["CidrBlock"] for name, subnet in subnets.items()}


def test_foundation_reaches_s3_and_dynamodb_inside_the_network(plain: Template) -> None:
    """Both gateway endpoints, which cost nothing, serve each route table."""
    endpoints = plain.properties("AWS::EC2::VPCEndpoint")
    assert len(endpoints) == 2
    tables = plain.resources("AWS::EC2::RouteTable")
    assert all(len(endpoint["RouteTableIds"]) == len(tables) for endpoint in endpoints)


def test_foundation_takes_zones_from_settings(full: Template) -> None:
    """With an account set too, zones are the file's: nothing is looked up."""
    zones = {each["AvailabilityZone"] for each in full.properties("AWS::EC2::Subnet")}
    assert zones == {"us-east-1a", "us-east-1b"}


def test_foundation_makes_no_network_in_an_existing_one(stacks: StackShelf) -> None:
    """An existing VPC is used as it is."""
    environment = environment_named("own domain in an existing network")
    kinds = {each["Type"] for each in stacks(environment).part("Foundation").resources().values()}
    assert not any(kind.startswith("AWS::EC2::") for kind in kinds)


def test_foundation_tells_the_address_of_the_settings(protected: Template) -> None:
    """The topic has the person's address, and CloudWatch may publish to it, over TLS alone."""
    subscription = protected.only("AWS::SNS::Subscription")
    assert (subscription["Protocol"], subscription["Endpoint"]) == ("email", "oncall@example.com")
    policy = json.dumps(protected.only("AWS::SNS::TopicPolicy"))
    assert "cloudwatch.amazonaws.com" in policy
    assert '"aws:SecureTransport": "false"' in policy


def test_foundation_uses_a_topic_that_is_there(full: Template) -> None:
    """With `alarms.topic_arn` no second topic is made."""
    assert full.resources("AWS::SNS::Topic") == {}


def test_foundation_budgets_what_carries_the_tag(protected: Template) -> None:
    """The budget counts this environment's resources and mails before and after it is passed."""
    budget = protected.only("AWS::Budgets::Budget")
    assert budget["Budget"]["CostFilters"] == {
        "TagKeyValue": ["user:speech-engine:environment$prod"]
    }
    assert budget["Budget"]["BudgetLimit"] == {"Amount": 250, "Unit": "USD"}
    kinds = [each["Notification"]["NotificationType"] for each in _notifications(budget)]
    assert kinds == ["FORECASTED", "ACTUAL"]


def _notifications(
    budget: dict[str, list[dict[str, dict[str, str]]]],
) -> list[dict[str, dict[str, str]]]:
    return budget["NotificationsWithSubscribers"]


def test_stacks_carry_the_environments_tags(full: Template) -> None:
    """Each tagged resource has the environment's name and the settings' own tags."""
    tags = full.only(TABLE)["Replicas"][0]["Tags"]
    assert {each["Key"]: each["Value"] for each in tags} == {
        "speech-engine:environment": "test",
        "team": "voice",
    }


@pytest.mark.parametrize(
    ("name", "boundary"),
    [
        ("no domain, everything on", BOUNDARY),
        ("own domain in an existing network", "team-boundary"),
    ],
)
def test_stacks_bound_each_role(name: str, boundary: str, stacks: StackShelf) -> None:
    """With a permissions boundary there is no role without it."""
    for template in stacks(environment_named(name)).templates.values():
        for role in template.properties("AWS::IAM::Role"):
            assert boundary in json.dumps(role["PermissionsBoundary"])


def test_foundation_needs_no_production_to_be_protected(stacks: StackShelf) -> None:
    """Retention comes from settings, never from the environment's name."""
    retained = environment_with(GUARDED)
    assert not retained.production
    table = stacks(retained).part("Foundation").resources(TABLE)
    assert [each["DeletionPolicy"] for each in table.values()] == ["Retain"]
