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


def check(
    assembly: Path, new: dict[str, Any], weights: list[int], *, deployed: bool = True
) -> None:
    (assembly / "SpeechEngine-dev-Realtime.template.json").write_text(json.dumps(new))
    stack = FakeStack(resources=[(RULE, "Rule", "arn:rule")], template=template())
    stacks = {"SpeechEngine-dev-Realtime": stack} if deployed else {}
    aws = FakeAws(weights=weights, stacks=stacks)
    service = {"tasks": 2, "deployment": BLUE_GREEN}
    check_weights(fake_account(aws, service=service), assembly)


def test_weights_refuse_a_touched_rule_after_a_shift(tmp_path: Path) -> None:
    """While the second group serves the callers, an update of the rule is refused."""
    with pytest.raises(CommandError, match=r"change Rule .*\[0, 100\]"):
        check(tmp_path, template(priority=2), [0, 100])


def test_weights_refuse_a_touched_target_group_after_a_shift(tmp_path: Path) -> None:
    """A changed target group is as dangerous as a changed rule."""
    with pytest.raises(CommandError, match="change Blue"):
        check(tmp_path, template(path="/healthz"), [0, 100])


def test_weights_allow_a_touched_rule_before_a_shift(tmp_path: Path) -> None:
    """While the live weights are the template's, the rule may change."""
    check(tmp_path, template(priority=2), [100, 0])


def test_weights_allow_other_changes_after_a_shift(tmp_path: Path) -> None:
    """An update that leaves rule and groups alone goes ahead whatever the weights are."""
    new = template()
    new["Resources"]["Service"]["Properties"]["priority"] = 5
    check(tmp_path, new, [0, 100])


def test_weights_allow_a_first_deployment(tmp_path: Path) -> None:
    """Without a deployed stack there are no weights to lose."""
    check(tmp_path, template(), [], deployed=False)


def test_frozen_changes_sees_removed_rules() -> None:
    """A rule that the new template lacks counts as touched."""
    assert frozen_changes(template(), {"Resources": {}}) == ["Blue", "Rule"]
