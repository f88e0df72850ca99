"""Reads prices.toml: AWS's list prices of one region, in USD for the unit that a name ends in."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from cli.errors import CommandError

PRICES = Path(__file__).with_name("prices.toml")
SHOWN = "cli/bill/prices.toml"


class Prices(BaseModel):
    """Every price there is; the file has each exactly once for a region, or once for all."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    region: str
    as_of: date
    fargate_x86_64_vcpu_hour: float
    fargate_x86_64_gib_hour: float
    fargate_arm64_vcpu_hour: float
    fargate_arm64_gib_hour: float
    fargate_spot_fraction: float
    load_balancer_hour: float
    load_balancer_lcu_hour: float
    public_ipv4_hour: float
    nat_gateway_hour: float
    nat_gateway_gb: float
    secret_month: float
    secret_calls_10k: float
    table_writes_million: float
    table_gib_month: float
    table_recovery_gib_month: float
    log_ingested_gb: float
    log_stored_gb_month: float
    metric_month: float
    alarm_metric_month: float
    dashboard_month: float
    http_api_million: float
    function_requests_million: float
    function_arm64_gib_second: float
    function_x86_64_gib_second: float
    snapshot_gib_second: float
    snapshot_restored_gib: float
    cloudfront_gb: float
    cloudfront_https_million: float
    web_acl_month: float
    web_acl_rule_month: float
    web_acl_requests_million: float
    hosted_zone_month: float
    budget_month: float
    bucket_gb_month: float
    image_gb_month: float
    transfer_out_gb: float


def read_prices(region: str) -> Prices:
    """The prices of one AWS region. Raises CommandError where the file has none for it."""
    content = tomllib.loads(PRICES.read_text(encoding="utf-8"))
    regions = content["regions"]
    if region not in regions:
        raise CommandError(
            f"no prices for {region}; add [regions.{region}] to {SHOWN}, which has"
            f" {', '.join(sorted(regions))}"
        )
    own = {**content["everywhere"], **regions[region]}
    return Prices(region=region, as_of=content["as_of"], **own)
