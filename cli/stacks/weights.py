"""The guard before the listener rule whose weights ECS owns.

A blue/green deployment moves the weights of the production rule from one target group to the
other. An update by CloudFormation that touches the rule writes the template's weights again, and
would send every caller to the empty group: https://github.com/aws/aws-cdk/issues/36649
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cli.errors import CommandError

if TYPE_CHECKING:
    from pathlib import Path

    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client

    from cli.stacks.account import Account

_RULE = "AWS::ElasticLoadBalancingV2::ListenerRule"
_FROZEN = (_RULE, "AWS::ElasticLoadBalancingV2::TargetGroup")
Weights = dict[str, int]
"""Target groups, by their ids in the template, and how much of the callers each gets."""


def check_weights(account: Account, assembly: Path) -> None:
    """Refuse an update of rule or target groups while the live weights aren't the template's.

    What is deployed decides, not the file: leaving blue/green resets the weights as well. Raises
    CommandError; says nothing for a stack that is not there yet.
    """
    deployed = account.template("Realtime")
    rule, wanted = shifted_rule(deployed)
    changed = frozen_changes(deployed, _synthesized(assembly, account.stack_name("Realtime")))
    if not (wanted and changed):
        return
    live = live_weights(account.session.client("elbv2"), account, rule)
    if live is not None and live != wanted:
        raise CommandError(
            f"this would change {', '.join(changed)} while the live weights are {_show(live)}, not"
            f" the template's {_show(wanted)}: callers would be sent to an empty target group;"
            " deploy the service once more without that change, so that they are equal again"
        )


def frozen_changes(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """The logical ids of rules and target groups that differ between two templates."""
    before, after = _frozen(old), _frozen(new)
    return sorted(key for key in before | after if before.get(key) != after.get(key))


def shifted_rule(template: dict[str, Any]) -> tuple[str, Weights]:
    """The rule that weighs target groups against each other; nothing where none does."""
    for name, resource in template.get("Resources", {}).items():
        if resource["Type"] == _RULE:
            groups = _weighed_groups(resource["Properties"]["Actions"])
            weights = {group["TargetGroupArn"]["Ref"]: _weight(group) for group in groups}
            if len(weights) > 1:
                return name, weights
    return "", {}


def live_weights(
    elbv2: ElasticLoadBalancingv2Client, account: Account, rule: str
) -> Weights | None:
    """The weights of a rule as they are now, or None where there is no such rule."""
    resources = account.resources("Realtime")
    names = {item.physical_id: item.logical_id for item in resources}
    arn = next((item.physical_id for item in resources if item.logical_id == rule), None)
    if arn is None:
        return None
    [found] = elbv2.describe_rules(RuleArns=[arn])["Rules"]
    groups = _weighed_groups([dict(action) for action in found["Actions"]])
    return {
        names.get(group["TargetGroupArn"], group["TargetGroupArn"]): _weight(group)
        for group in groups
    }


def _synthesized(assembly: Path, stack_name: str) -> dict[str, Any]:
    template = assembly / f"{stack_name}.template.json"
    return dict(json.loads(template.read_text(encoding="utf-8")))


def _frozen(template: dict[str, Any]) -> dict[str, Any]:
    return {
        name: resource.get("Properties")
        for name, resource in template.get("Resources", {}).items()
        if resource["Type"] in _FROZEN
    }


def _weighed_groups(actions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        group
        for action in actions
        for group in action.get("ForwardConfig", {}).get("TargetGroups", [])
    ]


def _weight(group: dict[str, Any]) -> int:
    return int(group.get("Weight", 1))


def _show(weights: Weights) -> str:
    return ", ".join(f"{name} {weight}" for name, weight in sorted(weights.items()))
