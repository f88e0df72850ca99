"""CloudFront before the page: its files out of the bucket, `/api/*` out of the HTTP API.

One origin for the browser, so that it needs no CORS and the API need not know the page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Duration
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from constructs import Construct

from infra.constructs.acknowledge import acknowledge

if TYPE_CHECKING:
    from aws_cdk import aws_s3 as s3

# CloudFront would keep one visitor's error for ten seconds and give it to the others, whatever
# the API says about storing: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/
# custom-error-pages-expiration.html
_UNSHARED_ERRORS = (400, 403, 404, 405, 500, 501, 502, 503, 504)


class PageDistribution(Construct):
    """HTTPS only, HTTP/3, no caching of what is this environment's own."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        bucket: s3.IBucket,
        api_domain: str,
        headers: cloudfront.IResponseHeadersPolicy,
        config_headers: cloudfront.IResponseHeadersPolicy,
    ) -> None:
        super().__init__(scope, construct_id)
        files = origins.S3BucketOrigin.with_origin_access_control(bucket)
        self.distribution = cloudfront.Distribution(
            self,
            "Distribution",
            comment="Speech Engine: browser page",
            default_root_object="index.html",
            default_behavior=cloudfront.BehaviorOptions(
                origin=files,
                viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
                response_headers_policy=headers,
            ),
            additional_behaviors={
                "/config.json": cloudfront.BehaviorOptions(
                    origin=files,
                    viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
                    cache_policy=cloudfront.CachePolicy.CACHING_DISABLED,
                    response_headers_policy=config_headers,
                ),
                "/api/*": _api(api_domain),
            },
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            error_responses=[
                cloudfront.ErrorResponse(http_status=status, ttl=Duration.seconds(0))
                for status in _UNSHARED_ERRORS
            ],
        )
        acknowledge(
            self.distribution,
            CFR1="Who may talk is the token endpoint's affair, not the page's.",
            CFR2="The page is static, and the API behind it has its own throttle; a web ACL's "
            "monthly price is more than the page's.",
            CFR3="Requests that matter are in the API's access log; the rest is static files.",
            CFR4="CloudFront's own certificate comes with a TLS policy that can't be chosen; "
            "browsers of today use TLS 1.2 and up with it.",
        )


def _api(domain: str) -> cloudfront.BehaviorOptions:
    return cloudfront.BehaviorOptions(
        origin=origins.HttpOrigin(
            domain,
            protocol_policy=cloudfront.OriginProtocolPolicy.HTTPS_ONLY,
            origin_ssl_protocols=[cloudfront.OriginSslPolicy.TLS_V1_2],
        ),
        viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
        allowed_methods=cloudfront.AllowedMethods.ALLOW_GET_HEAD_OPTIONS,
        cache_policy=cloudfront.CachePolicy.CACHING_DISABLED,
        # The API's own name has to be the Host; Authorization has to come through.
        origin_request_policy=cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
    )
