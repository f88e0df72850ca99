"""Whether the environment's availability zones will do, asked before anything is made in them.

A zone's name means another place in each account; its id means the same everywhere.
https://docs.aws.amazon.com/global-infrastructure/latest/regions/az-ids.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.errors import CommandError

if TYPE_CHECKING:
    from cli.stacks.account import Account

# The ids of zones in which CloudFront has no VPC origins, as far as AWS lists them:
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-vpc-origins.html
_WITHOUT_VPC_ORIGINS = frozenset({"apne1-az3", "apne2-az1", "cac1-az3", "use1-az3", "usw1-az2"})


def check_zones(account: Account) -> None:
    """Raise CommandError for a zone that the account lacks, or that CloudFront can't reach."""
    environment = account.environment
    known = _read_zone_ids(account)
    usable = {
        name
        for name, zone_id in known.items()
        if environment.address.domain or zone_id not in _WITHOUT_VPC_ORIGINS
    }
    wanted = environment.aws.availability_zones
    if wrong := [zone for zone in wanted if zone not in usable]:
        raise CommandError(
            f"aws.availability_zones: {', '.join(wrong)} can't be used in this account"
            f"{_explain(wrong, known)}; choose among {', '.join(sorted(usable))}"
        )


def _explain(zones: list[str], known: dict[str, str]) -> str:
    ids = [known[zone] for zone in zones if zone in known]
    return f" (CloudFront has no VPC origins in {', '.join(ids)})" if ids else ""


def _read_zone_ids(account: Account) -> dict[str, str]:
    found = account.session.client("ec2").describe_availability_zones(
        Filters=[{"Name": "zone-type", "Values": ["availability-zone"]}]
    )
    return {zone["ZoneName"]: zone["ZoneId"] for zone in found["AvailabilityZones"]}
