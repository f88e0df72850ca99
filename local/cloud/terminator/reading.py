"""From what `describe_*` calls of Elastic Load Balancing answer to the model.

Pure but for `read_load_balancer`, which asks. What an ALB can and the terminators can't is refused
here, so that nothing is passed over in silence.
https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/Welcome.html
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

from local.cloud.terminator.model import (
    Action,
    Condition,
    FixedResponse,
    Forward,
    HealthCheck,
    Listener,
    LoadBalancer,
    Redirect,
    Rule,
    Subject,
    Target,
    TargetGroup,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client
    from mypy_boto3_elbv2.type_defs import (
        ActionOutputTypeDef,
        ListenerTypeDef,
        LoadBalancerAttributeTypeDef,
        RuleConditionOutputTypeDef,
        RuleTypeDef,
        TargetGroupTypeDef,
        TargetHealthDescriptionTypeDef,
    )

_LEAVING = {"draining", "unused"}
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]")


class UnsupportedError(Exception):
    """The load balancer has something that no terminator can do; the message is one line."""


def read_load_balancer(client: ElasticLoadBalancingv2Client, arn: str) -> LoadBalancer:
    """Ask for everything that belongs to the load balancer `arn`. Raises UnsupportedError."""
    listeners = client.describe_listeners(LoadBalancerArn=arn)["Listeners"]
    rules = {
        each["ListenerArn"]: client.describe_rules(ListenerArn=each["ListenerArn"])["Rules"]
        for each in listeners
    }
    # By name: an emulator may not know which groups belong to the load balancer by a rule alone.
    named = sorted(_named_groups(listeners, itertools.chain.from_iterable(rules.values())))
    groups = client.describe_target_groups(TargetGroupArns=named)["TargetGroups"] if named else []
    return build_load_balancer(
        attributes=client.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"],
        listeners=listeners,
        rules=rules,
        groups=groups,
        health={
            each["TargetGroupArn"]: client.describe_target_health(
                TargetGroupArn=each["TargetGroupArn"]
            )["TargetHealthDescriptions"]
            for each in groups
        },
    )


def _named_groups(listeners: Iterable[ListenerTypeDef], rules: Iterable[RuleTypeDef]) -> set[str]:
    actions = itertools.chain(
        *(each.get("DefaultActions", []) for each in listeners),
        *(each.get("Actions", []) for each in rules),
    )
    forwards = [action for action in actions if action["Type"] == "forward"]
    return {name for action in forwards for name, _ in _forward(action).weights}


def build_load_balancer(
    *,
    attributes: Iterable[LoadBalancerAttributeTypeDef],
    listeners: Iterable[ListenerTypeDef],
    rules: Mapping[str, Iterable[RuleTypeDef]],
    groups: Iterable[TargetGroupTypeDef],
    health: Mapping[str, Iterable[TargetHealthDescriptionTypeDef]],
) -> LoadBalancer:
    """Build the model; `rules` by listener ARN, `health` by target group ARN.

    Raises UnsupportedError.
    """
    settings = {each["Key"]: each["Value"] for each in attributes}
    return LoadBalancer(
        listeners=tuple(_listener(each, rules.get(each["ListenerArn"], ())) for each in listeners),
        groups={
            each["TargetGroupArn"]: _group(each, health.get(each["TargetGroupArn"], ()))
            for each in groups
        },
        idle_seconds=float(settings.get("idle_timeout.timeout_seconds", "60")),
        drops_invalid_headers=settings.get("routing.http.drop_invalid_header_fields.enabled")
        == "true",
    )


def _listener(listener: ListenerTypeDef, rules: Iterable[RuleTypeDef]) -> Listener:
    protocol = listener["Protocol"]
    if protocol not in ("HTTP", "HTTPS"):
        raise UnsupportedError(f"listener {listener['Port']} speaks {protocol}; use HTTP or HTTPS")
    own = [rule for rule in rules if not rule.get("IsDefault") and rule["Priority"] != "default"]
    return Listener(
        port=listener["Port"],
        protocol=protocol,
        default=_action(listener["DefaultActions"]),
        rules=tuple(_rule(rule) for rule in sorted(own, key=lambda rule: int(rule["Priority"]))),
        # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html
        # Older policies than TLS 1.2 are served as 1.2: nothing here needs them.
        min_tls="1.3" if "-TLS13-1-3-" in listener.get("SslPolicy", "") else "1.2",
    )


def _rule(rule: RuleTypeDef) -> Rule:
    conditions = tuple(_condition(each) for each in rule.get("Conditions", []))
    return Rule(conditions=conditions, action=_action(rule["Actions"]))


def _action(actions: Sequence[ActionOutputTypeDef]) -> Action:
    if len(actions) != 1:
        raise UnsupportedError(f"{len(actions)} actions in one rule; only a single one is served")
    action = actions[0]
    if action["Type"] == "forward":
        return _forward(action)
    if action["Type"] == "redirect":
        return _redirect(action)
    if action["Type"] == "fixed-response":
        answer = action["FixedResponseConfig"]
        return FixedResponse(
            status=int(answer["StatusCode"]),
            content_type=_printable(answer.get("ContentType") or "text/plain"),
            body=answer.get("MessageBody") or "",
        )
    raise UnsupportedError(f"the action {action['Type']} is not served")


def _forward(action: ActionOutputTypeDef) -> Forward:
    groups = action.get("ForwardConfig", {}).get("TargetGroups", [])
    if not groups and "TargetGroupArn" in action:
        groups = [{"TargetGroupArn": action["TargetGroupArn"]}]
    if not groups:
        raise UnsupportedError("a forward names no target group: the API left ForwardConfig out")
    return Forward(tuple((each["TargetGroupArn"], each.get("Weight", 1)) for each in groups))


def _redirect(action: ActionOutputTypeDef) -> Redirect:
    config = action["RedirectConfig"]
    return Redirect(
        status=int(config["StatusCode"].removeprefix("HTTP_")),
        protocol=_printable(config.get("Protocol", "#{protocol}")),
        host=_printable(config.get("Host", "#{host}")),
        port=_printable(config.get("Port", "#{port}")),
        path=_printable(config.get("Path", "/#{path}")),
        query=_printable(config.get("Query", "#{query}")),
    )


def _condition(condition: RuleConditionOutputTypeDef) -> Condition:
    field = condition["Field"]
    if condition.get("RegexValues"):
        raise UnsupportedError(f"the rule matches {field} by regular expression; use wildcards")
    values = condition.get("Values", [])
    if field == "path-pattern":
        return _wildcards("path", condition.get("PathPatternConfig", {}).get("Values", values))
    if field == "host-header":
        return _wildcards("host", condition.get("HostHeaderConfig", {}).get("Values", values))
    if field == "http-request-method":
        config = condition.get("HttpRequestMethodConfig", {})
        return _wildcards("method", config.get("Values", values))
    if field == "http-header":
        header = condition["HttpHeaderConfig"]
        return _wildcards("header", header["Values"], header=_printable(header["HttpHeaderName"]))
    if field == "query-string":
        pairs = condition["QueryStringConfig"]["Values"]
        return _query([(pair.get("Key"), pair["Value"]) for pair in pairs])
    raise UnsupportedError(f"the condition {field} is not served")


def _wildcards(subject: Subject, patterns: Iterable[str], header: str = "") -> Condition:
    choice = "|".join(_wildcard(pattern) for pattern in patterns)
    return Condition(subject=subject, expression=f"^(?:{choice})$", header=header)


def _query(pairs: Iterable[tuple[str | None, str]]) -> Condition:
    choice = "|".join(
        f"{_wildcard(key, '[^&=]') if key else '[^&=]*'}={_wildcard(value, '[^&]')}"
        for key, value in pairs
    )
    return Condition(subject="query", expression=f"(?:^|&)(?:{choice})(?:&|$)")


def _wildcard(pattern: str, character: str = ".") -> str:
    """`*` stands for any characters, `?` for one."""
    special = {"*": f"{character}*", "?": character}
    return "".join(special.get(each) or re.escape(each) for each in _printable(pattern))


def _group(
    group: TargetGroupTypeDef, health: Iterable[TargetHealthDescriptionTypeDef]
) -> TargetGroup:
    if group.get("Protocol", "HTTP") != "HTTP":
        raise UnsupportedError(f"{group['TargetGroupName']} speaks {group['Protocol']}; use HTTP")
    return TargetGroup(targets=tuple(_targets(group, health)), health_check=_health_check(group))


def _targets(
    group: TargetGroupTypeDef, health: Iterable[TargetHealthDescriptionTypeDef]
) -> Iterable[Target]:
    """Every target that may get new requests: the terminator judges health by itself."""
    for each in health:
        if each.get("TargetHealth", {}).get("State") not in _LEAVING:
            target = each["Target"]
            yield Target(_printable(target["Id"]), target.get("Port") or group["Port"])


def _health_check(group: TargetGroupTypeDef) -> HealthCheck | None:
    if not group.get("HealthCheckEnabled", True):
        return None
    port = group.get("HealthCheckPort", "traffic-port")
    return HealthCheck(
        path=_printable(group.get("HealthCheckPath") or "/"),
        port=None if port == "traffic-port" else int(port),
        statuses=_printable(group.get("Matcher", {}).get("HttpCode") or "200"),
        timeout_seconds=group.get("HealthCheckTimeoutSeconds", 5),
        unhealthy_count=group.get("UnhealthyThresholdCount", 2),
    )


def _printable(text: str) -> str:
    """The texts go into configuration files and heads of HTTP: no character may end a line."""
    if _UNPRINTABLE.search(text):
        raise UnsupportedError(f"{text!r} has a control character")
    return text
