from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cli.errors import CommandError
from cli.stacks.weights import check_weights, frozen_changes
from tests.fakes.aws_account import FakeAws, FakeStack, fake_account

BLUE_GREEN = {"strategy": "blue_green", "bake_minutes": 15}
RULE = "AWS::ElasticLoadBalancingV2::ListenerRule"


def template(*, priority: int = 1, path: str = "/readyz") -> dict[str, Any]:
    groups = [
        {"TargetGroupArn": {"Ref": "Blue"}, "Weight": 100},
        {"TargetGroupArn": {"Ref": "Green"}, "Weight": 0},
    ]
    actions = [{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}]
    return {
        "Resources": {
            "Rule": {"Type": RULE, "Properties": {"Priority": priority, "Actions": actions}},
            "Blue": {
                "Type": "AWS::ElasticLoadBalancingV2::TargetGroup",
                "Properties": {"HealthCheckPath": path},
            },
            "Service": {"Type": "AWS::ECS::Service", "Properties": {"priority": priority}},
        }
    }


def rolling() -> dict[str, Any]:
    """The template of one target group, to which the rule gives no weight."""
    content = template()
    content["Resources"]["Rule"]["Properties"]["Actions"] = [
        {"Type": "forward", "TargetGroupArn": {"Ref": "Blue"}}
    ]
    return content


def check(
    assembly: Path,
    new: dict[str, Any],
    weights: dict[str, int],
    *,
    deployed: dict[str, Any] | None,
    deployment: dict[str, Any] = BLUE_GREEN,
) -> None:
    (assembly / "SpeechEngine-dev-Realtime.template.json").write_text(json.dumps(new))
    group = "AWS::ElasticLoadBalancingV2::TargetGroup"
    resources = [
        (RULE, "Rule", "arn:rule"),
        (group, "Blue", "arn:blue"),
        (group, "Green", "arn:green"),
    ]
    stacks = {}
    if deployed is not None:
        stacks["SpeechEngine-dev-Realtime"] = FakeStack(resources=resources, template=deployed)
    aws = FakeAws(weights=weights, stacks=stacks)
    check_weights(fake_account(aws, service={"tasks": 2, "deployment": deployment}), assembly)


BEFORE = {"arn:blue": 100, "arn:green": 0}
SHIFTED = {"arn:blue": 0, "arn:green": 100}


def test_weights_refuse_a_touched_rule_after_a_shift(tmp_path: Path) -> None:
    """While the second group serves the callers, an update of the rule is refused."""
    with pytest.raises(CommandError, match=r"change Rule .* Blue 0, Green 100, not"):
        check(tmp_path, template(priority=2), SHIFTED, deployed=template())


def test_weights_refuse_a_touched_target_group_after_a_shift(tmp_path: Path) -> None:
    """A changed target group is as dangerous as a changed rule."""
    with pytest.raises(CommandError, match="change Blue"):
        check(tmp_path, template(path="/healthz"), SHIFTED, deployed=template())


def test_weights_refuse_to_leave_blue_green_after_a_shift(tmp_path: Path) -> None:
    """What is deployed decides: a file that says rolling now would reset the weights too."""
    with pytest.raises(CommandError, match="change Rule"):
        check(tmp_path, rolling(), SHIFTED, deployed=template(), deployment={"strategy": "rolling"})


@pytest.mark.parametrize("weights", [BEFORE, dict(reversed(BEFORE.items()))])
def test_weights_allow_a_touched_rule_before_a_shift(
    tmp_path: Path, weights: dict[str, int]
) -> None:
    """While the live weights are the template's, in whatever order, the rule may change."""
    check(tmp_path, template(priority=2), weights, deployed=template())


def test_weights_allow_other_changes_after_a_shift(tmp_path: Path) -> None:
    """An update that leaves rule and groups alone goes ahead whatever the weights are."""
    new = template()
    new["Resources"]["Service"]["Properties"]["priority"] = 5
    new["Resources"]["Rule"]["Metadata"] = {"aws:cdk:path": "elsewhere"}
    check(tmp_path, new, SHIFTED, deployed=template())


def test_weights_allow_blue_green_to_begin(tmp_path: Path) -> None:
    """A rule with one group has no weights to lose when it gets a second one."""
    check(tmp_path, template(), {"arn:blue": 1}, deployed=rolling())


def test_weights_allow_a_first_deployment(tmp_path: Path) -> None:
    """Without a deployed stack there are no weights to lose."""
    check(tmp_path, template(), {}, deployed=None)


def test_weights_allow_a_stack_that_was_only_announced(tmp_path: Path) -> None:
    """A first deployment cut short before its change set ran leaves a stack without template."""
    check(tmp_path, template(), {}, deployed={})


def test_frozen_changes_sees_removed_rules() -> None:
    """A rule that the new template lacks counts as touched."""
    assert frozen_changes(template(), {"Resources": {}}) == ["Blue", "Rule"]
