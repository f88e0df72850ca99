"""What browsers are told about the page: whom it may talk to, and that nobody may frame it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from aws_cdk import Duration
from aws_cdk import aws_cloudfront as cloudfront

from infra.constructs.page_config import page_origins
from infra.packaging import CHECKOUT

if TYPE_CHECKING:
    from constructs import Construct

    from infra.settings import Environment

POLICY = CHECKOUT / "web" / "policy.json"
_HSTS_DAYS = 365


def make_page_headers(
    scope: Construct,
    construct_id: str,
    *,
    environment: Environment,
    cache_control: str | None = None,
) -> cloudfront.ResponseHeadersPolicy:
    """Return the headers of what comes out of the bucket.

    `cache_control` replaces what the bucket says about storing.
    """
    headers = {"Permissions-Policy": "microphone=(self)"}
    if cache_control:
        headers["Cache-Control"] = cache_control
    return cloudfront.ResponseHeadersPolicy(
        scope,
        construct_id,
        security_headers_behavior=_security_headers(content_security_policy(environment)),
        custom_headers_behavior=cloudfront.ResponseCustomHeadersBehavior(
            custom_headers=[
                cloudfront.ResponseCustomHeader(header=name, value=value, override=True)
                for name, value in headers.items()
            ]
        ),
    )


def content_security_policy(environment: Environment) -> str:
    """Return the page's own policy, with the addresses that this environment adds to it."""
    policy: dict[str, list[str]] = json.loads(POLICY.read_text(encoding="utf-8"))
    policy["connect-src"] = [*policy["connect-src"], *page_origins(environment)]
    return "; ".join(f"{name} {' '.join(sources)}" for name, sources in policy.items())


def _security_headers(policy: str) -> cloudfront.ResponseSecurityHeadersBehavior:
    return cloudfront.ResponseSecurityHeadersBehavior(
        content_security_policy=cloudfront.ResponseHeadersContentSecurityPolicy(
            content_security_policy=policy, override=True
        ),
        content_type_options=cloudfront.ResponseHeadersContentTypeOptions(override=True),
        frame_options=cloudfront.ResponseHeadersFrameOptions(
            frame_option=cloudfront.HeadersFrameOption.DENY, override=True
        ),
        referrer_policy=cloudfront.ResponseHeadersReferrerPolicy(
            referrer_policy=cloudfront.HeadersReferrerPolicy.NO_REFERRER, override=True
        ),
        strict_transport_security=cloudfront.ResponseHeadersStrictTransportSecurity(
            access_control_max_age=Duration.days(_HSTS_DAYS), include_subdomains=True, override=True
        ),
    )
