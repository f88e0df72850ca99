from __future__ import annotations

import boto3
import pytest
from moto import mock_aws

from cli.errors import CommandError
from cli.stacks import leftovers
from tests.fakes.aws_account import FakeAws, FakeStack, fake_account

VPC = FakeStack(resources=[("AWS::EC2::VPC", "Vpc", "vpc-1")])


def test_stop_access_logs_before_their_bucket_goes() -> None:
    """The load balancer stops writing its access log."""
    balancer = ("AWS::ElasticLoadBalancingV2::LoadBalancer", "Alb", "arn:alb")
    aws = FakeAws(stacks={"SpeechEngine-dev-Realtime": FakeStack(resources=[balancer])})
    leftovers.stop_access_logs(fake_account(aws))
    [(_, call)] = aws.calls
    assert call["LoadBalancerArn"] == "arn:alb"
    assert call["Attributes"] == [{"Key": "access_logs.s3.enabled", "Value": "false"}]


def test_stop_access_logs_without_a_balancer() -> None:
    """Where the stack is gone there is nothing to stop."""
    aws = FakeAws()
    leftovers.stop_access_logs(fake_account(aws))
    assert aws.calls == []


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "ROLLBACK_FAILED"])
def test_release_lets_a_failed_creation_be_made_anew(status: str) -> None:
    """A stack that never came up loses its protection, and its load balancer as well."""
    balancer = ("AWS::ElasticLoadBalancingV2::LoadBalancer", "Alb", "arn:alb")
    stack = FakeStack(resources=[balancer], protected=True, status=status)
    aws = FakeAws(stacks={"SpeechEngine-dev-Realtime": stack})
    told: list[str] = []
    leftovers.release_failed_creations(fake_account(aws), tell=told.append)
    (_, protection), (_, attributes) = aws.calls
    assert protection["EnableTerminationProtection"] is False
    assert {"Key": "deletion_protection.enabled", "Value": "false"} in attributes["Attributes"]
    assert len(told) == 1


@pytest.mark.parametrize("status", ["CREATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "DELETE_FAILED"])
def test_release_leaves_stacks_that_came_up_alone(status: str) -> None:
    """The protection of a stack that was ever in use stays."""
    stack = FakeStack(protected=True, status=status)
    aws = FakeAws(stacks={"SpeechEngine-dev-Realtime": stack})
    leftovers.release_failed_creations(fake_account(aws))
    assert aws.calls == []


def test_wait_for_interfaces_until_cloudfront_has_left() -> None:
    """The VPC is touched only when none of CloudFront's interfaces is in it."""
    aws = FakeAws(stacks={"SpeechEngine-dev-Foundation": VPC}, interface_counts=[2, 1, 0])
    told: list[str] = []
    pauses: list[float] = []
    leftovers.wait_for_interfaces(fake_account(aws), tell=told.append, sleep=pauses.append)
    assert len(told) == len(pauses) == 2


def test_wait_for_interfaces_gives_up_in_one_line() -> None:
    """After its limit the wait ends with what to do."""
    aws = FakeAws(stacks={"SpeechEngine-dev-Foundation": VPC}, interface_counts=[1] * 9)
    with pytest.raises(CommandError, match="destroy again"):
        leftovers.wait_for_interfaces(
            fake_account(aws), tell=lambda _: None, sleep=lambda _: None, within_seconds=30
        )


def test_stop_access_logs_of_a_balancer_that_is_gone() -> None:
    """After a delete that failed half way, the balancer that went then is not asked for."""
    balancer = ("AWS::ElasticLoadBalancingV2::LoadBalancer", "Alb", "arn:alb")
    stack = FakeStack(resources=[balancer], gone={"Alb"})
    aws = FakeAws(stacks={"SpeechEngine-dev-Realtime": stack})
    leftovers.stop_access_logs(fake_account(aws))
    assert aws.calls == []


def test_remove_origin_group_of_this_vpc_only() -> None:
    """The group that CloudFront left behind goes, that of another VPC and others of this stay."""
    name = "CloudFront-VPCOrigins-Service-SG"
    groups = [("sg-1", name, "vpc-1"), ("sg-2", name, "vpc-2"), ("sg-3", "default", "vpc-1")]
    aws = FakeAws(stacks={"SpeechEngine-dev-Foundation": VPC}, security_groups=groups)
    leftovers.remove_origin_group(fake_account(aws))
    assert aws.calls == [("delete_security_group", {"GroupId": "sg-1"})]


def test_remove_origin_group_leaves_a_vpc_that_was_there_before() -> None:
    """In a VPC that the stacks did not make, nothing is removed."""
    aws = FakeAws(stacks={"SpeechEngine-dev-Foundation": FakeStack()})
    leftovers.remove_origin_group(fake_account(aws))
    assert aws.calls == []


def test_log_groups_are_known_before_their_stacks_go() -> None:
    """CloudFormation shortens names, so functions are asked for theirs, not guessed."""
    function = ("AWS::Lambda::Function", "Provider", "SpeechEngine-dev-Foundatio-Provider-1")
    own = ("AWS::Logs::LogGroup", "Log", "SpeechEngine-dev-Foundation-Log-2")
    aws = FakeAws(stacks={"SpeechEngine-dev-Foundation": FakeStack(resources=[function, own])})
    assert leftovers.log_groups(fake_account(aws)) == {own[2], f"/aws/lambda/{function[2]}"}


def test_remove_log_groups_of_this_environment_only() -> None:
    """Log groups made anew go; those of environments whose names begin alike stay."""
    mine = ["/aws/lambda/SpeechEngine-dev-Api-Token", "SpeechEngine-dev-Realtime-Tasks", "known"]
    others = [
        "/aws/lambda/SpeechEngine-dev2-Api-Token",
        "/aws/lambda/SpeechEngine-dev-eu-Api-Token",
        "SpeechEngine-dev-eu-Realtime-Tasks",
        "other",
    ]
    aws = FakeAws(log_groups=[*mine, *others])
    removed = leftovers.remove_log_groups(fake_account(aws), {"known", "gone already"})
    assert sorted(removed) == sorted(mine)
    assert aws.log_groups == others


def test_validation_records_are_listed() -> None:
    """ACM's proofs of the environment's domain are found among the zone's records."""
    proof = {
        "Name": "_a.voice.example.org.",
        "ResourceRecords": [{"Value": "_b.acm-validations.aws."}],
    }
    other = {"Name": "www.voice.example.org.", "ResourceRecords": [{"Value": "1.2.3.4"}]}
    address = {
        "domain": "voice.example.org",
        "hosted_zone_id": "Z1",
        "hosted_zone_name": "example.org",
    }
    account = fake_account(FakeAws(records=[proof, other]), address=address)
    assert leftovers.validation_records(account) == ["_a.voice.example.org."]


def test_empty_access_log_of_a_bucket_that_is_gone() -> None:
    """After a delete that failed half way, the bucket that went then is not asked for."""
    stack = FakeStack(resources=[("AWS::S3::Bucket", "Log", "log")], gone={"Log"})
    aws = FakeAws(stacks={"SpeechEngine-dev-Realtime": stack})
    leftovers.empty_access_log(fake_account(aws))


def test_empty_access_log_takes_every_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bucket has nothing left in it when its stack is deleted."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        session = boto3.Session(region_name="us-east-1")
        s3 = session.client("s3")
        s3.create_bucket(Bucket="log")
        s3.put_bucket_versioning(Bucket="log", VersioningConfiguration={"Status": "Enabled"})
        for key in ("a", "a", "b"):
            s3.put_object(Bucket="log", Key=key, Body=b"line")
        stack = FakeStack(resources=[("AWS::S3::Bucket", "Log", "log")])
        aws = FakeAws(stacks={"SpeechEngine-dev-Realtime": stack})
        aws.resource = session.resource
        leftovers.empty_access_log(fake_account(aws))
        assert "Versions" not in s3.list_object_versions(Bucket="log")
        s3.delete_bucket(Bucket="log")
