"""What must hold between settings about the place: region, zones, address, network."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from infra.settings.environment import Environment


def _zones_belong_to_the_region(environment: Environment) -> Iterator[str]:
    aws = environment.aws
    for zone in aws.availability_zones:
        if re.fullmatch(re.escape(aws.region) + "[a-z]", zone) is None:
            yield (
                f"aws.availability_zones has {zone!r}, not a zone of {aws.region};"
                f" give zones such as {aws.region}a"
            )
    if len(set(aws.availability_zones)) < len(aws.availability_zones):
        yield "aws.availability_zones names a zone twice; give different ones"


def _an_address_is_whole(environment: Environment) -> Iterator[str]:
    address = environment.address
    zone = (address.hosted_zone_id, address.hosted_zone_name)
    if address.domain is None:
        for name in ("hosted_zone_id", "hosted_zone_name", "certificate_arn"):
            if getattr(address, name) is not None:
                yield f"address.{name} needs address.domain; set domain, or take {name} out"
        if address.https_port != 443:
            yield "address.https_port needs address.domain; set domain, or take https_port out"
    elif zone == (None, None) and address.certificate_arn is None:
        yield (
            "address.domain needs a certificate; set address.hosted_zone_id and"
            " address.hosted_zone_name, or address.certificate_arn"
        )
    elif None in zone and zone != (None, None):
        missing = "hosted_zone_id" if zone[0] is None else "hosted_zone_name"
        yield f"address.{missing} is missing; a hosted zone is given by both its id and its name"


def _ports_differ(environment: Environment) -> Iterator[str]:
    if environment.address.https_port == 80:
        yield "address.https_port is 80, where plain HTTP arrives; give another, such as 443"


def _a_domain_lies_in_its_zone(environment: Environment) -> Iterator[str]:
    domain, zone = environment.address.domain, environment.address.hosted_zone_name
    if domain and zone and not f".{domain}".endswith(f".{zone}"):
        yield (
            f"address.hosted_zone_name is {zone!r}, which {domain!r} is no part of;"
            " give the zone that holds the domain"
        )


def _arns_belong_to_the_region(environment: Environment) -> Iterator[str]:
    aws = environment.aws
    for key, arn in (
        ("address.certificate_arn", environment.address.certificate_arn),
        ("alarms.topic_arn", environment.alarms.topic_arn),
    ):
        region = arn.split(":")[3] if arn else aws.region
        if region != aws.region:
            yield f"{key} is of {region}, aws.region is {aws.region}; give one of that region"


def _a_network_is_made_or_found(environment: Environment) -> Iterator[str]:
    network, zones = environment.network, len(environment.aws.availability_zones)
    if network.existing is None:
        if network.nat_gateways > zones:
            yield (
                f"network.nat_gateways is {network.nat_gateways}, more than one for each of"
                f" {zones} zones; give at most {zones}"
            )
        return
    if network.nat_gateways:
        yield (
            "network.nat_gateways is for a VPC that is made here; take it out,"
            " network.existing has its own ways out"
        )


def _existing_subnets_fit(environment: Environment) -> Iterator[str]:
    existing, zones = environment.network.existing, len(environment.aws.availability_zones)
    if existing is None:
        return
    for name in ("public_subnet_ids", "private_subnet_ids"):
        subnets = getattr(existing, name)
        if subnets and len(subnets) != zones:
            yield (
                f"network.existing.{name} has {len(subnets)}; give one for each of the {zones}"
                " zones of aws.availability_zones, in their order"
            )
    if environment.address.domain and not existing.public_subnet_ids:
        yield (
            "network.existing.public_subnet_ids is empty; the load balancer of an own domain"
            " stands in public subnets: give one for each zone"
        )
    if not existing.public_subnet_ids and not existing.private_subnet_ids:
        yield (
            "network.existing has no subnets; give private_subnet_ids with a way out, or"
            " public_subnet_ids"
        )


def _an_edge_firewall_has_its_region(environment: Environment) -> Iterator[str]:
    # https://docs.aws.amazon.com/waf/latest/developerguide/cloudfront-features.html
    edge = environment.waf and environment.address.domain is None
    if edge and environment.aws.region != "us-east-1":
        yield (
            "waf stands at CloudFront without address.domain, which takes it from us-east-1"
            " only; set a domain, take [waf] out, or set aws.region"
        )


PLACE_RULES: tuple[Callable[[Environment], Iterator[str]], ...] = (
    _zones_belong_to_the_region,
    _an_address_is_whole,
    _ports_differ,
    _a_domain_lies_in_its_zone,
    _arns_belong_to_the_region,
    _a_network_is_made_or_found,
    _existing_subnets_fit,
    _an_edge_firewall_has_its_region,
)
