"""Which of the two ways to TLS an environment takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from constructs import Construct, IDependable

from infra.constructs.cloudfront_address import HTTP_PORT, CloudFrontAddress
from infra.constructs.origin_access import OriginAccess
from infra.constructs.own_domain import OwnDomain
from infra.constructs.web_acl import WebAcl

if TYPE_CHECKING:
    from aws_cdk import aws_ec2 as ec2
    from aws_cdk import aws_elasticloadbalancingv2 as elbv2

    from infra.constructs.load_balancer import LoadBalancer
    from infra.settings import Environment


class ServerAddress(NamedTuple):
    """Where the engine dials, what takes the calls, and what has to be there before they come."""

    websocket_url: str
    listener: elbv2.ApplicationListener
    dependencies: list[IDependable]


def make_address(
    scope: Construct,
    construct_id: str,
    *,
    environment: Environment,
    vpc: ec2.IVpc,
    load_balancer: LoadBalancer,
) -> ServerAddress:
    """Return the address under the own domain if the settings have one, else CloudFront's."""
    part = Construct(scope, construct_id)
    if environment.address.domain:
        return _own_domain(part, environment, environment.address.domain, load_balancer)
    return _cloudfront(part, environment, vpc, load_balancer)


def _own_domain(
    scope: Construct, environment: Environment, domain: str, load_balancer: LoadBalancer
) -> ServerAddress:
    own = OwnDomain(
        scope,
        "OwnDomain",
        address=environment.address,
        domain=domain,
        load_balancer=load_balancer,
    )
    if environment.waf:
        acl = WebAcl(
            scope, "Waf", environment=environment, waf=environment.waf, acl_scope="REGIONAL"
        )
        acl.protect(load_balancer.balancer.load_balancer_arn)
    return ServerAddress(own.websocket_url, own.listener, own.dependencies)


def _cloudfront(
    scope: Construct, environment: Environment, vpc: ec2.IVpc, load_balancer: LoadBalancer
) -> ServerAddress:
    acl = environment.waf and WebAcl(
        scope, "Waf", environment=environment, waf=environment.waf, acl_scope="CLOUDFRONT"
    )
    edge = CloudFrontAddress(
        scope,
        "CloudFront",
        load_balancer=load_balancer,
        web_acl_arn=acl.acl.attr_arn if acl else None,
    )
    access = OriginAccess(
        scope,
        "OriginAccess",
        environment=environment,
        vpc=vpc,
        security_group=load_balancer.security_group,
        port=HTTP_PORT,
    )
    access.resource.node.add_dependency(edge.distribution)
    return ServerAddress(edge.websocket_url, edge.listener, [access.resource])
