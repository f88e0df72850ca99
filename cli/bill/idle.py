"""What an environment costs in a month in which nobody talks, and what a deployment adds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.bill.inventory import CUSTOM_METRICS, DASHBOARDS, take_inventory
from cli.bill.item import Item
from infra.settings.timing import deregistration_delay_seconds

if TYPE_CHECKING:
    from cli.bill.prices import Prices
    from cli.bill.usage import Usage
    from infra.settings import Environment

# AWS's own way to speak of a month: 8,760 hours a year.
HOURS = 730
_SECONDS = HOURS * 3600


def list_idle_items(environment: Environment, prices: Prices, usage: Usage) -> list[Item]:
    """The month's lines, those that come to nothing included where a setting may change that."""
    return [
        *_list_compute(environment, prices),
        *_list_network(environment, prices),
        *_list_watching(environment, prices),
        *_list_rest(environment, prices, usage),
    ]


def list_deployment_items(environment: Environment, prices: Prices) -> list[Item]:
    """What one deployment adds: old and new tasks side by side, at their longest."""
    deployment = environment.service.deployment
    hours = deregistration_delay_seconds(environment) / 3600
    name = "doubled tasks, draining"
    if deployment.strategy == "blue_green":
        hours += deployment.bake_minutes / 60
        name = "doubled tasks, baking too"
    tasks = environment.service.tasks
    return [Item(name, tasks * hours, "task-hour", task_hour_price(environment, prices))]


def task_hour_price(environment: Environment, prices: Prices) -> float:
    """One task for an hour, its public address included, in USD."""
    service, fraction = environment.service, _spot_fraction(environment, prices)
    vcpu, gib = _fargate_prices(environment, prices)
    public = take_inventory(environment).task_addresses > 0
    address = prices.public_ipv4_hour if public else 0.0
    return (service.cpu / 1024 * vcpu + service.memory_mib / 1024 * gib) * fraction + address


def _list_compute(environment: Environment, prices: Prices) -> list[Item]:
    service, fraction = environment.service, _spot_fraction(environment, prices)
    vcpu, gib = _fargate_prices(environment, prices)
    kind = f"Fargate {'Spot ' if service.spot else ''}{service.architecture}"
    hours = service.tasks * HOURS
    return [
        Item(f"{kind}, CPU", hours * service.cpu / 1024, "vCPU-hour", vcpu * fraction),
        Item(f"{kind}, memory", hours * service.memory_mib / 1024, "GiB-hour", gib * fraction),
    ]


def _list_network(environment: Environment, prices: Prices) -> list[Item]:
    count = take_inventory(environment)
    address = prices.public_ipv4_hour
    items = [
        Item("load balancer", HOURS, "hour", prices.load_balancer_hour),
        Item("public IPv4, load balancer", count.balancer_addresses * HOURS, "hour", address),
        Item("public IPv4, tasks", count.task_addresses * HOURS, "hour", address),
    ]
    if count.nat_gateways:
        hours = count.nat_gateways * HOURS
        items.append(Item("NAT gateways", hours, "hour", prices.nat_gateway_hour))
        items.append(Item("public IPv4, NAT gateways", hours, "hour", address))
    return items


def _list_watching(environment: Environment, prices: Prices) -> list[Item]:
    count = take_inventory(environment)
    alarm = prices.alarm_metric_month
    return [
        Item("dashboard", DASHBOARDS, "month", prices.dashboard_month),
        Item("alarms, by metric", count.alarm_metrics, "metric-month", alarm),
        Item("alarms of autoscaling", count.scaling_alarm_metrics, "metric-month", alarm),
        Item("custom metrics", CUSTOM_METRICS, "metric-month", prices.metric_month),
        Item("budget", count.budgets, "month", prices.budget_month),
    ]


def _list_rest(environment: Environment, prices: Prices, usage: Usage) -> list[Item]:
    count = take_inventory(environment)
    snapshot = count.snapshots * environment.functions.memory_mib / 1024 * _SECONDS
    return [
        Item("secrets", count.secrets, "month", prices.secret_month),
        Item("hosted zone", count.hosted_zones, "month", prices.hosted_zone_month),
        Item("web ACL", count.web_acls, "month", prices.web_acl_month),
        Item("web ACL, rules", count.web_acl_rules, "month", prices.web_acl_rule_month),
        Item("SnapStart, kept snapshot", snapshot, "GiB-second", prices.snapshot_gib_second),
        Item("images of the server", usage.images_gb, "GB-month", prices.image_gb_month),
        Item("page and access log", usage.buckets_gb, "GB-month", prices.bucket_gb_month),
    ]


def _fargate_prices(environment: Environment, prices: Prices) -> tuple[float, float]:
    if environment.service.architecture == "arm64":
        return prices.fargate_arm64_vcpu_hour, prices.fargate_arm64_gib_hour
    return prices.fargate_x86_64_vcpu_hour, prices.fargate_x86_64_gib_hour


def _spot_fraction(environment: Environment, prices: Prices) -> float:
    return prices.fargate_spot_fraction if environment.service.spot else 1.0
