from __future__ import annotations

import pytest

from cli.errors import CommandError
from cli.stacks.zones import check_zones
from tests.fakes.aws_account import FakeAws, fake_account
from tests.fakes.environments import DOMAIN, environment_with

UNREACHED = {"us-east-1a": "use1-az3", "us-east-1b": "use1-az2", "us-east-1c": "use1-az1"}


def test_zones_that_cloudfront_cannot_reach_are_refused() -> None:
    """Without a domain, a zone without VPC origins is told before anything is deployed."""
    with pytest.raises(CommandError, match=r"us-east-1a .*use1-az3.*among us-east-1b, us-east-1c$"):
        check_zones(fake_account(FakeAws(zones=UNREACHED)))


def test_zones_do_not_matter_to_an_own_domain() -> None:
    """A public load balancer stands in any zone."""
    account = fake_account(FakeAws(zones=UNREACHED))
    account.environment = environment_with(DOMAIN)
    check_zones(account)


def test_zones_that_the_account_lacks_are_refused() -> None:
    """A zone that this account has no name for is told with those it has."""
    with pytest.raises(CommandError, match=r"us-east-1b can't be used .*among us-east-1a$"):
        check_zones(fake_account(FakeAws(zones={"us-east-1a": "use1-az1"})))


def test_zones_of_most_accounts_pass() -> None:
    """Zones that exist and are reached are not mentioned."""
    check_zones(fake_account(FakeAws()))
