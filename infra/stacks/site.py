"""The browser page: files in a bucket behind CloudFront, and the API on the same origin."""

from __future__ import annotations

from aws_cdk import CfnOutput
from constructs import Construct

from infra.constructs.page_config import page_config
from infra.constructs.page_distribution import PageDistribution
from infra.constructs.page_files import PageFiles
from infra.constructs.page_headers import make_page_headers
from infra.settings import Environment
from infra.stacks.api import Api
from infra.stacks.environment_stack import EnvironmentStack


class Site(EnvironmentStack):
    """Comes last and knows the API; the API does not know it."""

    def __init__(self, scope: Construct, part: str, *, environment: Environment, api: Api) -> None:
        super().__init__(
            scope, part, environment=environment, description="Speech Engine: browser page"
        )
        files = PageFiles(
            self, "Files", environment=environment, config=page_config(environment, api.engine_id)
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
                cache_control="no-store",
            ),
        )
        CfnOutput(
            self,
            "SiteUrl",
            value=f"https://{page.distribution.distribution_domain_name}",
            description="The page to talk from",
        )
