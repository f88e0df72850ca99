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

    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client

    from cli.stacks.account import Account

_RULE = "AWS::ElasticLoadBalancingV2::ListenerRule"
_FROZEN = (_RULE, "AWS::ElasticLoadBalancingV2::TargetGroup")


def check_weights(account: Account, assembly: Path) -> None:
    """Refuse an update of rule or target groups while the live weights aren't the template's.

    Raises CommandError; says nothing for a stack that is not there yet.
    """
    if account.environment.service.deployment.strategy != "blue_green":
        return
    if not account.exists("Realtime"):
        return
    name = account.stack_name("Realtime")
    deployed = deployed_template(account.session.client("cloudformation"), name)
    changed = frozen_changes(deployed, _synthesized(assembly, name))
    if not changed:
        return
    live = live_weights(account.session.client("elbv2"), account)
    if live is not None and live != template_weights(deployed):
        raise CommandError(
            f"this would change {', '.join(changed)} while the live weights are {live}, not the"
            f" template's {template_weights(deployed)}: callers would be sent to an empty target"
            " group; deploy the service once more without that change, so that they are equal again"
        )


def frozen_changes(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """The logical ids of rules and target groups that differ between two templates."""
    before, after = _frozen(old), _frozen(new)
    return sorted(key for key in before | after if before.get(key) != after.get(key))


def template_weights(template: dict[str, Any]) -> list[int]:
    """The weights that the template's forward rule gives its target groups, in its order."""
    for resource in template["Resources"].values():
        if resource["Type"] == _RULE:
            return _weights(resource["Properties"]["Actions"])
    return []


def live_weights(elbv2: ElasticLoadBalancingv2Client, account: Account) -> list[int] | None:
    """The weights as they are now, or None where there is no rule."""
    rule = account.first("Realtime", _RULE)
    if rule is None:
        return None
    found = elbv2.describe_rules(RuleArns=[rule.physical_id])["Rules"]
    return _weights([dict(action) for action in found[0]["Actions"]])


def deployed_template(client: CloudFormationClient, stack_name: str) -> dict[str, Any]:
    """The template that the stack was last deployed with."""
    answer = client.get_template(StackName=stack_name, TemplateStage="Original")
    return dict(answer["TemplateBody"])


def _synthesized(assembly: Path, stack_name: str) -> dict[str, Any]:
    template = assembly / f"{stack_name}.template.json"
    return dict(json.loads(template.read_text(encoding="utf-8")))


def _frozen(template: dict[str, Any]) -> dict[str, Any]:
    return {
        name: resource.get("Properties")
        for name, resource in template["Resources"].items()
        if resource["Type"] in _FROZEN
    }


def _weights(actions: list[dict[str, Any]]) -> list[int]:
    groups = [
        group
        for action in actions
        for group in action.get("ForwardConfig", {}).get("TargetGroups", [])
    ]
    return [int(group.get("Weight", 1)) for group in groups]
