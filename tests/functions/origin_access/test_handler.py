from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from functions.origin_access.handler import act, handler
from functions.origin_access.rule import SOURCE_GROUP_NAME
from tests.fakes.cloudformation import LOGICAL_ID, FakeClock, FakeContext, Mailbox, open_mailbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_ec2 import EC2Client


@dataclass
class Network:
    """A VPC with the load balancer's security group."""

    ec2: EC2Client
    vpc_id: str
    group_id: str = ""

    @property
    def properties(self) -> dict[str, str]:
        return {"VpcId": self.vpc_id, "SecurityGroupId": self.group_id, "Port": "80"}

    @property
    def open_ports(self) -> list[tuple[int, str]]:
        """What may come in: port and source group."""
        group = self.ec2.describe_security_groups(GroupIds=[self.group_id])
        permissions = group["SecurityGroups"][0]["IpPermissions"]
        return [
            (permission["FromPort"], pair["GroupId"])
            for permission in permissions
            for pair in permission["UserIdGroupPairs"]
        ]

    def make_group(self, name: str = SOURCE_GROUP_NAME) -> str:
        """Create a security group; returns its id."""
        return self.ec2.create_security_group(
            GroupName=name, Description="test", VpcId=self.vpc_id
        )["GroupId"]


def make_network(ec2: EC2Client) -> Network:
    network = Network(ec2, ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"])
    network.group_id = network.make_group("load-balancer")
    return network


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with open_mailbox() as opened:
        yield opened


@pytest.fixture
def network(ec2: EC2Client) -> Network:
    return make_network(ec2)


def create(mailbox: Mailbox, network: Network) -> str:
    answer = mailbox.run(act, mailbox.event("Create", network.properties))
    assert answer["Status"] == "SUCCESS", answer
    return str(answer["PhysicalResourceId"])


class CloudFrontClock(FakeClock):
    """While this time passes CloudFront makes its group."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self._network = network

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        if len(self.pauses) == 3:
            self._network.make_group()


def test_access_is_given_to_cloudfronts_group_of_the_vpc(
    mailbox: Mailbox, network: Network
) -> None:
    """The port opens to that group alone, not to one of the same name elsewhere."""
    make_network(network.ec2).make_group()
    source = network.make_group()
    network.make_group(f"{SOURCE_GROUP_NAME}-2")
    create(mailbox, network)
    assert network.open_ports == [(80, source)]


def test_access_given_twice_is_given_once(mailbox: Mailbox, network: Network) -> None:
    """A repeated create succeeds under the same id and leaves one rule."""
    network.make_group()
    assert create(mailbox, network) == create(mailbox, network)
    assert len(network.open_ports) == 1


def test_access_waits_for_cloudfront(mailbox: Mailbox, network: Network) -> None:
    """The group appears some time after the first VPC origin."""
    event = mailbox.event("Create", network.properties)
    answer = mailbox.run(act, event, clock=CloudFrontClock(network))
    assert answer["Status"] == "SUCCESS"
    assert len(network.open_ports) == 1


def test_access_gives_up_within_its_time(mailbox: Mailbox, network: Network) -> None:
    """Without the group the failure names it and what makes it."""
    clock = FakeClock()
    event = mailbox.event("Create", network.properties)
    answer = mailbox.run(act, event, seconds=120, clock=clock)
    assert f"VPC {network.vpc_id} has no security group {SOURCE_GROUP_NAME}" in answer["Reason"]
    assert 90 < clock.seconds < 120


@pytest.mark.parametrize("times", [1, 2])
def test_access_is_taken_away(mailbox: Mailbox, network: Network, times: int) -> None:
    """Delete closes the port; a second Delete has nothing to complain about."""
    network.make_group()
    rule_id = create(mailbox, network)
    for _ in range(times):
        event = mailbox.event("Delete", network.properties, physical_id=rule_id)
        assert mailbox.run(act, event)["Status"] == "SUCCESS"
    assert network.open_ports == []


def test_access_of_a_group_that_is_gone_needs_no_closing(
    mailbox: Mailbox, network: Network
) -> None:
    """Where the load balancer's group went first, Delete succeeds."""
    network.make_group()
    rule_id = create(mailbox, network)
    network.ec2.delete_security_group(GroupId=network.group_id)
    event = mailbox.event("Delete", network.properties, physical_id=rule_id)
    assert mailbox.run(act, event)["Status"] == "SUCCESS"


@pytest.mark.parametrize(
    "wrong", [{}, {"Port": "http"}, {"VpcId": ""}, {"VpcId": "vpc-0000"}], ids=str
)
def test_access_never_given_is_deleted(
    mailbox: Mailbox, network: Network, wrong: dict[str, str]
) -> None:
    """The Delete after a failed create succeeds, whatever made the create fail."""
    failed = mailbox.event("Create", {**network.properties, **wrong})
    answer = mailbox.run(act, failed, seconds=10)
    assert answer["Status"] == "FAILED"
    event = mailbox.event(
        "Delete", {**network.properties, **wrong}, physical_id=answer["PhysicalResourceId"]
    )
    assert mailbox.run(act, event)["Status"] == "SUCCESS"


def test_access_whose_answer_got_lost_is_taken_away(mailbox: Mailbox, network: Network) -> None:
    """The rule of a create that CloudFormation never heard of is found by its properties."""
    network.make_group()
    create(mailbox, network)
    event = mailbox.event("Delete", network.properties, physical_id=f"voice-{LOGICAL_ID}-1O3XAMPLE")
    mailbox.run(act, event)
    assert network.open_ports == []


def test_access_moves_with_its_port(mailbox: Mailbox, network: Network) -> None:
    """Another port is another rule: opened first, and the old one closed by its own Delete."""
    source = network.make_group()
    old_id = create(mailbox, network)
    changed = {**network.properties, "Port": "8080"}
    event = mailbox.event("Update", changed, old=network.properties, physical_id=old_id)
    new_id = mailbox.run(act, event)["PhysicalResourceId"]
    assert new_id != old_id
    assert len(network.open_ports) == 2
    mailbox.run(act, mailbox.event("Delete", network.properties, physical_id=old_id))
    assert network.open_ports == [(8080, source)]


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"Port": "http"}, "The property Port is 'http'; give a number such as 80"),
        (
            {"SecurityGroupId": "sg-0a1b2c"},
            "EC2 refused to AuthorizeSecurityGroupIngress: InvalidGroup.NotFound",
        ),
    ],
)
def test_access_to_what_is_not_there_says_so(
    mailbox: Mailbox, network: Network, wrong: dict[str, str], reason: str
) -> None:
    """Properties that fit nothing fail by their name."""
    network.make_group()
    answer = mailbox.run(act, mailbox.event("Create", {**network.properties, **wrong}))
    assert answer["Reason"] == reason


def test_access_refused_by_ec2_says_so(
    mailbox: Mailbox, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A missing permission is named with its operation."""
    client = boto3.client("ec2")
    client.meta.events.register("after-call.ec2.DescribeSecurityGroups", _refuse)
    monkeypatch.setattr("functions.origin_access.handler._open_ec2", lambda: client)
    answer = mailbox.run(act, mailbox.event("Create", network.properties))
    assert answer["Reason"] == "EC2 refused to DescribeSecurityGroups: UnauthorizedOperation"


def _refuse(parsed: dict[str, Any], http_response: Any, **_: Any) -> None:
    http_response.status_code = 403
    parsed.clear()
    parsed["Error"] = {"Code": "UnauthorizedOperation", "Message": "no"}


def test_handler_serves_lambda(mailbox: Mailbox, network: Network) -> None:
    """The entry point that the stack names answers."""
    network.make_group()
    handler(mailbox.event("Create", network.properties), FakeContext(60))
    assert mailbox.answers[0]["Status"] == "SUCCESS"
