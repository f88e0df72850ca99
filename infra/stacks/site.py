"""The browser page: files in a bucket behind CloudFront, and the API on the same origin."""

from __future__ import annotations

from aws_cdk import CfnOutput
from constructs import Construct

from infra.constructs.page_addresses import livekit_url
from infra.constructs.page_distribution import PageDistribution
from infra.constructs.page_files import PageFiles
from infra.constructs.page_headers import make_page_headers
from infra.constructs.token_api import SIGNED_URL_PATH, TOKEN_PATH
from infra.settings import Environment
from infra.settings.residency import residency_of
from infra.stacks.api import Api
from infra.stacks.environment_stack import EnvironmentStack


class Site(EnvironmentStack):
    """Comes last and knows the API; the API does not know it."""

    def __init__(self, scope: Construct, part: str, *, environment: Environment, api: Api) -> None:
        super().__init__(
            scope, part, environment=environment, description="Speech Engine: browser page"
        )
        files = PageFiles(
            self, "Files", environment=environment, config=_config(environment, api.engine_id)
        )
        page = PageDistribution(
            self,
            "Page",
            bucket=files.bucket,
            api_domain=api.api_domain,
            headers=make_page_headers(self, "Headers", environment=environment),
            config_headers=make_page_headers(
                self,
                "ConfigHeaders",
                environment=environment,
                more={"Cache-Control": "no-store"},
            ),
        )
        CfnOutput(
            self,
            "SiteUrl",
            value=f"https://{page.distribution.distribution_domain_name}",
            description="The page to talk from",
        )


def _config(environment: Environment, engine_id: str) -> dict[str, str]:
    """Return what the page is told before it starts; the engine's id is for people who look."""
    site, host = environment.site, environment.elevenlabs.host
    config = {
        "title": site.title,
        "transport": site.transport,
        "engineId": engine_id,
        "tokenPath": TOKEN_PATH,
        "signedUrlPath": SIGNED_URL_PATH,
        "firstMessage": site.first_message,
        "livekitUrl": livekit_url(host) if residency_of(host) else None,
    }
    return {key: value for key, value in config.items() if value is not None}
