"""Target groups that know their load balancers, and tell two ports of one address apart.

The emulator remembers the load balancer of a target group only when a listener's own default action
names it through the API, so that `DescribeTargetGroups` by load balancer leaves out the others; and
it takes targets with the same address for one.
https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_RegisterTargets.html
"""

# ruff: noqa: SLF001 - a patch reaches inside
from __future__ import annotations

import json
from typing import Any


def add() -> None:
    """Answer three actions of the API anew."""
    from ministack.services import alb  # type: ignore[import-not-found]

    inner = dict(alb._ACTION_MAP)

    def describe(params: dict[str, Any]) -> Any:
        for arn, group in alb._tgs.items():
            group["LoadBalancerArns"] = sorted(_load_balancers(alb, arn))
        return inner["DescribeTargetGroups"](params)

    def change(action: str, *, keeps: bool) -> Any:
        def answer(params: dict[str, Any]) -> Any:
            arn, named = alb._p(params, "TargetGroupArn"), alb._parse_targets_param(params)
            others = [target for target in alb._targets.get(arn, []) if not _is_in(target, named)]
            done = inner[action](params)
            if arn in alb._tgs:
                alb._targets[arn] = [*others, *(named if keeps else [])]
            return done

        return answer

    alb._ACTION_MAP["DescribeTargetGroups"] = describe
    alb._ACTION_MAP["RegisterTargets"] = change("RegisterTargets", keeps=True)
    alb._ACTION_MAP["DeregisterTargets"] = change("DeregisterTargets", keeps=False)


def _is_in(target: dict[str, Any], named: list[dict[str, Any]]) -> bool:
    """Tell whether a registered target is named; a name without a port means every port."""
    same_address = (each for each in named if each["Id"] == target["Id"])
    return any(each.get("Port", target.get("Port")) == target.get("Port") for each in same_address)


def _load_balancers(alb: Any, target_group: str) -> set[str]:
    """Look at all rules, the listeners' default ones among them."""
    listeners = alb._listeners
    return {
        listeners[rule["ListenerArn"]]["LoadBalancerArn"]
        for rule in alb._rules.values()
        if rule["ListenerArn"] in listeners and target_group in json.dumps(rule["Actions"])
    }
