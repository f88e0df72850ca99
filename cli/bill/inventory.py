"""How many of what is billed the stacks make, from the settings alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infra.settings import Environment

# Each combination of a name and its dimensions is one, billed for the hours in which it gets a
# value: those that count the log's lines get none while nobody talks. Container
# Insights is off, and what AWS's services publish themselves is free.
CUSTOM_METRICS = 0
# ElevenLabs' key and the header's value; each provider of models that needs a key has one more.
_SECRETS = 2
DASHBOARDS = 1
# Alarms that end a blue/green deployment, of the server, of its models, of the token endpoint, and
# of transcripts: metrics that don't depend on the target groups, and metrics that there are for
# each of those.
_ROLLBACK = (1, 2)
_SERVER = (3, 2)
_MODELS = (2, 0)
_TOKEN = (4, 0)
_TRANSCRIPTS = (2, 0)
# Target tracking makes an alarm for each direction:
# https://docs.aws.amazon.com/autoscaling/application/userguide/target-tracking-scaling-policy-overview.html
_SCALING_ALARM_METRICS = 2


@dataclass(frozen=True, slots=True)
class Inventory:
    """What stands there in an idle month. Alarms are billed by the metrics they look at."""

    balancer_addresses: int
    task_addresses: int
    nat_gateways: int
    alarm_metrics: int
    scaling_alarm_metrics: int
    web_acls: int
    web_acl_rules: int
    snapshots: int
    hosted_zones: int
    secrets: int
    budgets: int


def take_inventory(environment: Environment) -> Inventory:
    """Count what the environment's stacks make."""
    network, waf = environment.network, environment.waf
    zones = len(environment.aws.availability_zones)
    return Inventory(
        balancer_addresses=zones if environment.address.domain else 0,
        task_addresses=environment.service.tasks if _tasks_are_public(environment) else 0,
        nat_gateways=network.nat_gateways,
        alarm_metrics=_count_alarm_metrics(environment),
        scaling_alarm_metrics=_SCALING_ALARM_METRICS if environment.service.autoscaling else 0,
        web_acls=1 if waf else 0,
        web_acl_rules=(3 if waf.only_elevenlabs else 1) if waf else 0,
        snapshots=1 if environment.token.snap_start else 0,
        secrets=_SECRETS + len(environment.agent.keys),
        hosted_zones=1 if environment.address.hosted_zone_id else 0,
        budgets=1 if environment.budget else 0,
    )


def _tasks_are_public(environment: Environment) -> bool:
    network = environment.network
    if network.existing:
        return not network.existing.private_subnet_ids
    return network.nat_gateways == 0


def _count_alarm_metrics(environment: Environment) -> int:
    told = bool(environment.alarms.email or environment.alarms.topic_arn)
    blue_green = environment.service.deployment.strategy == "blue_green"
    groups = 2 if blue_green else 1
    kinds = [_ROLLBACK] if told or blue_green else []
    kinds += [_SERVER, _MODELS, _TOKEN, _TRANSCRIPTS] if told else []
    return sum(single + groups * each for single, each in kinds)
