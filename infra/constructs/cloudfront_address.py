"""The address without a domain: CloudFront's name and certificate before an internal load balancer.

HTTP stays inside the VPC, between CloudFront's network interfaces and the load balancer.
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-vpc-origins.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from constructs import Construct

from infra.constructs.acknowledge import acknowledge
from infra.names import WS_PATH

if TYPE_CHECKING:
    from infra.constructs.load_balancer import LoadBalancer

HTTP_PORT = 80
_KEPT_STATUSES = (400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504)


class CloudFrontAddress(Construct):
    """One distribution that passes every header on and keeps nothing.

    Its origin is never changed in place from HTTP to HTTPS: CloudFront's interfaces would lose
    the way. `web_acl_arn` is of a web ACL in us-east-1.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        load_balancer: LoadBalancer,
        web_acl_arn: str | None,
    ) -> None:
        super().__init__(scope, construct_id)
        self.listener = load_balancer.balancer.add_listener(
            "Http",
            port=HTTP_PORT,
            protocol=elbv2.ApplicationProtocol.HTTP,
            default_action=elbv2.ListenerAction.fixed_response(404),
            open=False,
        )
        self.distribution = cloudfront.Distribution(
            self,
            "Distribution",
            comment="Address of the Speech Engine server",
            default_behavior=_behavior(load_balancer.balancer),
            error_responses=_unkept_errors(),
            web_acl_id=web_acl_arn,
        )
        self.distribution.node.add_dependency(self.listener)
        _acknowledge(self.distribution, self.listener)
        self.websocket_url = f"wss://{self.distribution.distribution_domain_name}{WS_PATH}"


def _behavior(balancer: elbv2.ApplicationLoadBalancer) -> cloudfront.BehaviorOptions:
    return cloudfront.BehaviorOptions(
        origin=origins.VpcOrigin.with_application_load_balancer(
            balancer,
            http_port=HTTP_PORT,
            protocol_policy=cloudfront.OriginProtocolPolicy.HTTP_ONLY,
        ),
        viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
        allowed_methods=cloudfront.AllowedMethods.ALLOW_ALL,
        cache_policy=cloudfront.CachePolicy.CACHING_DISABLED,
        # A WebSocket's upgrade and the engine's own headers have to arrive as they were sent.
        origin_request_policy=cloudfront.OriginRequestPolicy.ALL_VIEWER,
        compress=False,
    )


def _unkept_errors() -> list[cloudfront.ErrorResponse]:
    """Pass each refusal on as it is: CloudFront would keep it for 10 s and answer others with it.

    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/HTTPStatusCodes.html
    """
    return [
        cloudfront.ErrorResponse(http_status=status, ttl=cdk.Duration.seconds(0))
        for status in _KEPT_STATUSES
    ]


def _acknowledge(
    distribution: cloudfront.Distribution, listener: elbv2.ApplicationListener
) -> None:
    acknowledge(
        distribution,
        CFR1="ElevenLabs calls from several continents; the server judges each caller.",
        CFR2="A web ACL is a setting, `waf`; without it the server's own check stands alone.",
        CFR3="The load balancer behind it logs every request already.",
        CFR4="The default certificate is what having no domain means; it fixes the policy.",
        CFR5="Inside the VPC there is no certificate for an internal name; the hop is "
        "CloudFront's own interface to the load balancer.",
    )
    acknowledge(
        listener,
        ELB2="Only CloudFront's interfaces in this VPC reach it; the public edge is HTTPS.",
    )
