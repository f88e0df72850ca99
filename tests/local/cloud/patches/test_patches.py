"""One small stack that needs every patch, deployed once to a real emulator."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError, WaiterError

from local.cloud.patches import recorded_types
from tests.fakes.embedded_aws import embedded_aws

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.cloud.deployed import Deployed

pytestmark = pytest.mark.limit(60)

STACK = "Patched"
KEY_SCHEMA = [{"AttributeName": "id", "KeyType": "HASH"}]
WAIT = {"Delay": 1, "MaxAttempts": 30}
BROKEN_FUNCTION = "def handler(event, context):\n    raise ValueError('out of order')\n"


def resource(type_name: str, **properties: Any) -> dict[str, Any]:
    return {"Type": type_name, "Properties": properties}


def ref(name: str) -> dict[str, str]:
    return {"Ref": name}


def make_template() -> dict[str, Any]:
    recorded = {
        f"Recorded{number}": resource(
            name, **({"ServiceToken": "none"} if "Custom" in name else {})
        )
        for number, name in enumerate(recorded_types.TYPES)
    }
    balancing = "AWS::ElasticLoadBalancingV2"
    fixed = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
    forward = {"Type": "forward", "TargetGroupArn": ref("Targets")}
    condition = {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/ws"]}}
    resources = {
        **recorded,
        "Empty": resource("AWS::SecretsManager::Secret"),
        "Generated": resource(
            "AWS::SecretsManager::Secret",
            GenerateSecretString={
                "SecretStringTemplate": "{}",
                "GenerateStringKey": "current",
                "PasswordLength": 48,
                "ExcludePunctuation": True,
            },
        ),
        "Table": resource(
            "AWS::DynamoDB::GlobalTable",
            KeySchema=KEY_SCHEMA,
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            TimeToLiveSpecification={"AttributeName": "expires_at", "Enabled": True},
            Replicas=[
                {
                    "Region": "eu-central-1",
                    "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
                }
            ],
        ),
        "Task": resource(
            "AWS::ECS::TaskDefinition",
            Family="task",
            RuntimePlatform={"CpuArchitecture": "X86_64"},
            ContainerDefinitions=[
                {
                    "Name": "server",
                    "Image": "server",
                    "Secrets": [{"Name": "KEY", "ValueFrom": ref("Generated")}],
                    "HealthCheck": {"Command": ["CMD", "check"]},
                }
            ],
        ),
        "Vpc": resource("AWS::EC2::VPC", CidrBlock="10.0.0.0/16"),
        "Targets": resource(f"{balancing}::TargetGroup", VpcId=ref("Vpc"), Port=1, Protocol="HTTP"),
        "Balancer": resource(f"{balancing}::LoadBalancer", Type="application"),
        "Listener": resource(
            f"{balancing}::Listener",
            LoadBalancerArn=ref("Balancer"),
            Port=80,
            Protocol="HTTP",
            DefaultActions=[fixed],
        ),
        "Rule": resource(
            f"{balancing}::ListenerRule",
            ListenerArn=ref("Listener"),
            Priority=1,
            Conditions=[condition],
            Actions=[forward],
        ),
    }
    outputs = {name: {"Value": ref(name)} for name in resources}
    return {"Resources": resources, "Outputs": outputs}


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    with embedded_aws(tmp_path_factory.mktemp("aws")) as deployed:
        cloudformation = deployed.client("cloudformation")
        cloudformation.create_stack(StackName=STACK, TemplateBody=json.dumps(make_template()))
        cloudformation.get_waiter("stack_create_complete").wait(StackName=STACK, WaiterConfig=WAIT)
        yield deployed


@pytest.fixture(scope="module")
def outputs(cloud: Deployed) -> dict[str, str]:
    return cloud.outputs(STACK)


def test_secret_is_named_by_its_arn(outputs: dict[str, str]) -> None:
    """`Ref` gives what ECS and IAM policies need."""
    assert outputs["Empty"].startswith("arn:aws:secretsmanager:eu-central-1:111122223333:secret:")


def test_secret_without_a_value_has_none(cloud: Deployed, outputs: dict[str, str]) -> None:
    """Who reads it is told so, until somebody writes it."""
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        cloud.read_secret(outputs["Empty"])
    cloud.put_secret(outputs["Empty"], "sk_test_value")
    assert cloud.read_secret(f"{outputs['Empty']}:current::") == "sk_test_value"


def test_generated_secret_has_no_punctuation(cloud: Deployed, outputs: dict[str, str]) -> None:
    """What goes into a header is letters and digits, of the length asked for."""
    value = cloud.read_secret(f"{outputs['Generated']}:current::")
    assert len(value) == 48
    assert value.isalnum()


def test_table_expires_items_and_can_be_restored(cloud: Deployed, outputs: dict[str, str]) -> None:
    """Time to live and point-in-time recovery are on, as the template says."""
    dynamodb, name = cloud.client("dynamodb"), outputs["Table"]
    expiry = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    backups = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    assert expiry == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at"}
    recovery = backups["PointInTimeRecoveryDescription"]
    assert recovery["PointInTimeRecoveryStatus"] == "ENABLED"


def test_task_definition_is_whole(cloud: Deployed, outputs: dict[str, str]) -> None:
    """Secrets, health check and platform are there as the API spells them."""
    ecs = cloud.client("ecs")
    definition = ecs.describe_task_definition(taskDefinition=outputs["Task"])["taskDefinition"]
    (container,) = definition["containerDefinitions"]
    assert container["secrets"] == [{"name": "KEY", "valueFrom": outputs["Generated"]}]
    assert container["healthCheck"] == {"command": ["CMD", "check"]}
    assert definition["runtimePlatform"] == {"cpuArchitecture": "X86_64"}


def test_target_groups_of_a_rule_belong_to_its_balancer(
    cloud: Deployed, outputs: dict[str, str]
) -> None:
    """A group that only a rule forwards to is found by its load balancer."""
    elbv2 = cloud.client("elbv2")
    (group,) = elbv2.describe_target_groups(LoadBalancerArn=outputs["Balancer"])["TargetGroups"]
    assert group["TargetGroupArn"] == outputs["Targets"]


def test_targets_are_told_apart_by_port(cloud: Deployed, outputs: dict[str, str]) -> None:
    """Two ports of one address are two targets, and each goes alone."""
    elbv2, arn = cloud.client("elbv2"), outputs["Targets"]
    first, second = {"Id": "127.0.0.1", "Port": 1001}, {"Id": "127.0.0.1", "Port": 1002}
    elbv2.register_targets(TargetGroupArn=arn, Targets=[first])
    elbv2.register_targets(TargetGroupArn=arn, Targets=[second])
    elbv2.deregister_targets(TargetGroupArn=arn, Targets=[first])
    health = elbv2.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    assert [each["Target"] for each in health] == [second]


def test_unknown_image_is_not_found(cloud: Deployed) -> None:
    """The CDK asks before it builds; an empty list would say that the image is there."""
    ecr = cloud.client("ecr")
    ecr.create_repository(repositoryName="images")
    with pytest.raises(ClientError, match="ImageNotFoundException"):
        ecr.describe_images(repositoryName="images", imageIds=[{"imageTag": "none"}])


def test_custom_resource_of_a_broken_function_fails_at_once(cloud: Deployed) -> None:
    """The stack fails with what the function said, long before anybody's patience ends."""
    role = "arn:aws:iam::111122223333:role/any"
    template = {
        "Resources": {
            "Function": resource(
                "AWS::Lambda::Function",
                Runtime="python3.11",
                Handler="index.handler",
                Role=role,
                Code={"ZipFile": BROKEN_FUNCTION},
            ),
            "Custom": resource("Custom::Broken", ServiceToken={"Fn::GetAtt": ["Function", "Arn"]}),
        }
    }
    cloudformation = cloud.client("cloudformation")
    cloudformation.create_stack(StackName="Broken", TemplateBody=json.dumps(template))
    created = cloudformation.get_waiter("stack_create_complete")
    with pytest.raises(WaiterError, match="terminal failure"):
        created.wait(StackName="Broken", WaiterConfig=WAIT)
    events = cloudformation.describe_stack_events(StackName="Broken")["StackEvents"]
    reasons = [each.get("ResourceStatusReason", "") for each in events]
    assert any("the function failed: out of order" in reason for reason in reasons)


def test_recorded_types_come_and_go(cloud: Deployed) -> None:
    """What has no effect is still created, known by an id, and deleted with its stack."""
    names = {f"Only{number}": resource(name) for number, name in enumerate(recorded_types.TYPES)}
    plain = {name: each for name, each in names.items() if "Custom" not in each["Type"]}
    cloudformation = cloud.client("cloudformation")
    cloudformation.create_stack(StackName="Recorded", TemplateBody=json.dumps({"Resources": plain}))
    cloudformation.get_waiter("stack_create_complete").wait(StackName="Recorded", WaiterConfig=WAIT)
    found = cloudformation.describe_stack_resources(StackName="Recorded")["StackResources"]
    assert len({each["PhysicalResourceId"] for each in found}) == len(plain)
    cloudformation.delete_stack(StackName="Recorded")
    cloudformation.get_waiter("stack_delete_complete").wait(StackName="Recorded", WaiterConfig=WAIT)
    assert "Recorded" not in cloud.stacks()
