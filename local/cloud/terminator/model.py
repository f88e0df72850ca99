"""What a load balancer does, as plain frozen values: listeners, rules, actions, target groups.

Knows nothing of how it is read from AWS and nothing of who serves it.
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/introduction.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

Protocol: TypeAlias = Literal["HTTP", "HTTPS"]
Subject: TypeAlias = Literal["path", "host", "method", "header", "query"]


@dataclass(frozen=True, slots=True)
class Target:
    """Where a target group's requests go."""

    host: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthCheck:
    """The question that keeps a target in service, and the answers that count as yes."""

    path: str = "/"
    port: int | None = None
    """Another port than the target's own."""
    statuses: str = "200"
    """Codes and ranges, as `200`, `200,204` or `200-299`."""
    timeout_seconds: float = 5.0
    unhealthy_count: int = 2
    """Wrong answers in a row that take a target out of service; one right answer takes it back."""

    def accepts(self, status: int) -> bool:
        """Tell whether an answer with this status is a yes."""
        ranges = (part.partition("-") for part in self.statuses.split(","))
        return any(int(low) <= status <= int(high or low) for low, _, high in ranges)


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetGroup:
    """Targets that stand for one another."""

    targets: tuple[Target, ...] = ()
    health_check: HealthCheck | None = None


@dataclass(frozen=True, slots=True)
class Forward:
    """Pass the request on to one of the target groups, drawn by weight."""

    weights: tuple[tuple[str, int], ...]
    """Key of the target group, and its share."""

    @property
    def total(self) -> int:
        """The sum of all shares; 0 serves nobody."""
        return sum(weight for _, weight in self.weights)

    def draw(self, number: int) -> str:
        """Return the target group that `number` of `range(total)` belongs to."""
        for name, weight in self.weights:
            if number < weight:
                return name
            number -= weight
        raise ValueError("the number is not below the sum of the weights")


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect:
    """Send the client elsewhere; texts may hold `#{protocol}`, `#{host}`, `#{port}` and so on."""

    status: int
    protocol: str = "#{protocol}"
    host: str = "#{host}"
    port: str = "#{port}"
    path: str = "/#{path}"
    query: str = "#{query}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedResponse:
    """Answer at once."""

    status: int
    content_type: str = "text/plain"
    body: str = ""


Action: TypeAlias = Forward | Redirect | FixedResponse


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One part of the request fits a regular expression."""

    subject: Subject
    expression: str
    header: str = ""
    """The header's name, where the subject is one."""

    @property
    def ignores_case(self) -> bool:
        """Paths and methods are told apart by case, everything else is not."""
        return self.subject not in {"path", "method"}

    def fits(self, text: str) -> bool:
        """Tell whether that part of a request fits."""
        flags = re.IGNORECASE if self.ignores_case else 0
        return re.search(self.expression, text, flags) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """An action for the requests that meet all conditions."""

    conditions: tuple[Condition, ...]
    action: Action


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """One port: the first rule that fits decides, the default when none does."""

    port: int
    protocol: Protocol
    default: Action
    rules: tuple[Rule, ...] = ()
    min_tls: Literal["1.2", "1.3"] = "1.2"

    @property
    def actions(self) -> tuple[Action, ...]:
        """Every action, the rules' in their order and the default last."""
        return (*(rule.action for rule in self.rules), self.default)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadBalancer:
    """All of it. Target groups are named by any key, their ARN as a rule."""

    listeners: tuple[Listener, ...]
    groups: Mapping[str, TargetGroup]
    idle_seconds: float = 60.0
    """How long a connection may be silent in both directions."""
    drops_invalid_headers: bool = False

    def __post_init__(self) -> None:
        """Refuse a forward to a group that is not there."""
        actions = [action for listener in self.listeners for action in listener.actions]
        forwards = [action for action in actions if isinstance(action, Forward)]
        named = {name for forward in forwards for name, _ in forward.weights}
        if missing := sorted(named - self.groups.keys()):
            raise ValueError(f"no target group is called {missing[0]}")

    def with_targets(self, targets: Mapping[str, Sequence[Target]]) -> LoadBalancer:
        """Return the same load balancer with other targets in the groups named."""
        changed = {
            name: replace(self.groups[name], targets=tuple(new)) for name, new in targets.items()
        }
        return replace(self, groups={**self.groups, **changed})
