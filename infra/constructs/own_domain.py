"""The address under an own domain: certificate, TLS listener, redirect and DNS record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_route53_targets as targets
from constructs import Construct, IDependable

from infra.constructs.acknowledge import acknowledge
from infra.names import WS_PATH

if TYPE_CHECKING:
    from infra.constructs.load_balancer import LoadBalancer
    from infra.settings.environment import Address


class OwnDomain(Construct):
    """TLS 1.2 and above on the address's port, and port 80 that only points there.

    `listener` refuses every path that no rule of the service takes.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        address: Address,
        domain: str,
        load_balancer: LoadBalancer,
    ) -> None:
        super().__init__(scope, construct_id)
        zone = _zone(self, address)
        balancer = load_balancer.balancer
        self.listener = balancer.add_listener(
            "Https",
            port=address.https_port,
            protocol=elbv2.ApplicationProtocol.HTTPS,
            certificates=[_certificate(self, address, domain, zone)],
            ssl_policy=elbv2.SslPolicy.RECOMMENDED_TLS,
            default_action=elbv2.ListenerAction.fixed_response(404),
            open=False,
        )
        _add_redirect(balancer, to_port=address.https_port)
        _open_to_everybody(load_balancer.security_group, (address.https_port, 80))
        self.dependencies: list[IDependable] = []
        if zone:
            self.dependencies.append(_point_here(self, zone, domain, balancer))
        port = "" if address.https_port == 443 else f":{address.https_port}"
        self.websocket_url = f"wss://{domain}{port}{WS_PATH}"


def _add_redirect(balancer: elbv2.ApplicationLoadBalancer, *, to_port: int) -> None:
    balancer.add_listener(
        "Http",
        port=80,
        protocol=elbv2.ApplicationProtocol.HTTP,
        default_action=elbv2.ListenerAction.redirect(
            protocol="HTTPS", port=str(to_port), permanent=True
        ),
        open=False,
    )


def _point_here(
    scope: Construct,
    zone: route53.IHostedZone,
    domain: str,
    balancer: elbv2.ApplicationLoadBalancer,
) -> route53.ARecord:
    return route53.ARecord(
        scope,
        "Record",
        zone=zone,
        record_name=f"{domain}.",
        target=route53.RecordTarget.from_alias(targets.LoadBalancerTarget(balancer)),
    )


def _zone(scope: Construct, address: Address) -> route53.IHostedZone | None:
    if not (address.hosted_zone_id and address.hosted_zone_name):
        return None
    return route53.HostedZone.from_hosted_zone_attributes(
        scope, "Zone", hosted_zone_id=address.hosted_zone_id, zone_name=address.hosted_zone_name
    )


def _certificate(
    scope: Construct, address: Address, domain: str, zone: route53.IHostedZone | None
) -> acm.ICertificate:
    if address.certificate_arn:
        return acm.Certificate.from_certificate_arn(scope, "Certificate", address.certificate_arn)
    return acm.Certificate(
        scope,
        "Certificate",
        domain_name=domain,
        validation=acm.CertificateValidation.from_dns(zone),
    )


def _open_to_everybody(security_group: ec2.SecurityGroup, ports: tuple[int, ...]) -> None:
    for port in ports:
        security_group.add_ingress_rule(
            ec2.Peer.any_ipv4(), ec2.Port.tcp(port), "The public address"
        )
    acknowledge(
        security_group,
        EC23="The address is public: ElevenLabs calls it from anywhere, the server judges each "
        "caller by token and header, and port 80 only redirects.",
    )
