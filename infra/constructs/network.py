"""The VPC, made here or there already, and which of its subnets serve what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from infra.constructs.acknowledge import acknowledge

if TYPE_CHECKING:
    from infra.settings import Environment
    from infra.settings.environment import ExistingVpc

MOST_ZONES = 3


def make_vpc(scope: Construct, construct_id: str, *, environment: Environment) -> ec2.IVpc:
    """Return the environment's VPC. An existing one is taken at its word: nothing is looked up."""
    existing = environment.network.existing
    if existing:
        return _import_vpc(scope, construct_id, existing, environment.aws.availability_zones)
    return _make_vpc(scope, construct_id, environment)


def task_subnets(environment: Environment) -> ec2.SubnetSelection:
    """Return where tasks run: private where there is a way out, public otherwise."""
    if tasks_are_public(environment):
        return ec2.SubnetSelection(subnet_type=ec2.SubnetType.PUBLIC)
    return ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS)


def tasks_are_public(environment: Environment) -> bool:
    """Say whether tasks need addresses of their own to reach ElevenLabs, models and AWS."""
    network = environment.network
    if network.existing:
        return not network.existing.private_subnet_ids
    return network.nat_gateways == 0


def load_balancer_subnets(environment: Environment) -> ec2.SubnetSelection:
    """Return the load balancer's place: public with an own domain, else without a way out."""
    existing = environment.network.existing
    if environment.address.domain or (existing and not existing.private_subnet_ids):
        return ec2.SubnetSelection(subnet_type=ec2.SubnetType.PUBLIC)
    if existing:
        return ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS)
    return ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)


def _make_vpc(scope: Construct, construct_id: str, environment: Environment) -> ec2.Vpc:
    network = environment.network
    zones = environment.aws.availability_zones
    vpc = ec2.Vpc(
        scope,
        construct_id,
        ip_addresses=ec2.IpAddresses.cidr(network.cidr),
        availability_zones=zones,
        # The address plan holds whatever is switched on later: a subnet never changes its range.
        reserved_azs=MOST_ZONES - len(zones),
        nat_gateways=network.nat_gateways,
        subnet_configuration=_subnets(has_nat=network.nat_gateways > 0),
        restrict_default_security_group=False,
        # Gateway endpoints cost nothing and keep image layers and transcripts off a NAT gateway.
        gateway_endpoints={
            "S3": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.S3),
            "DynamoDb": ec2.GatewayVpcEndpointOptions(
                service=ec2.GatewayVpcEndpointAwsService.DYNAMODB
            ),
        },
    )
    acknowledge(
        vpc,
        VPC7="Flow logs are billed by the gigabyte and name addresses only; who called is in the "
        "load balancer's access log and in the server's own log.",
    )
    return vpc


def _subnets(*, has_nat: bool) -> list[ec2.SubnetConfiguration]:
    """Three kinds in an order that stays; `Private` exists once there is a NAT gateway."""
    return [
        ec2.SubnetConfiguration(
            name="Public", subnet_type=ec2.SubnetType.PUBLIC, map_public_ip_on_launch=False
        ),
        ec2.SubnetConfiguration(
            name="Private", subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS, reserved=not has_nat
        ),
        ec2.SubnetConfiguration(name="Isolated", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED),
    ]


def _import_vpc(
    scope: Construct, construct_id: str, existing: ExistingVpc, zones: list[str]
) -> ec2.IVpc:
    return ec2.Vpc.from_vpc_attributes(
        scope,
        construct_id,
        vpc_id=existing.vpc_id,
        availability_zones=zones,
        public_subnet_ids=existing.public_subnet_ids or None,
        private_subnet_ids=existing.private_subnet_ids or None,
    )
