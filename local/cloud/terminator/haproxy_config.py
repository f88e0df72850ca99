"""The model as a configuration of HAProxy 2.6 or newer: text in, text out.

https://docs.haproxy.org/2.6/configuration.html
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
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
    TargetGroup,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

# Two descriptors for each, below the 1024 that a process gets without asking.
_MOST_CONNECTIONS = 400
_SUBJECTS = {
    "path": "path",
    "host": "req.hdr(host),host_only",
    "method": "method",
    "query": "query",
}
_PARTS = {
    "host": "%[req.hdr(host),host_only]",
    "path": "%[path,regsub(^/,)]",
    "query": "%[query]",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the configuration points at outside itself."""

    admin_descriptor: int
    """The file descriptor over which connections to the administrator's socket are handed."""
    bundle: Path
    """Key and certificate."""
    bodies: Path
    """Folder for the bodies of fixed responses, see `list_bodies`."""
    descriptors: Mapping[int, int]
    """The file descriptor of each listener's socket, by the load balancer's port."""
    ports: Mapping[int, int]
    """The load balancer's ports and where they are on loopback."""
    check_seconds: float


def write_configuration(load_balancer: LoadBalancer, around: Surroundings) -> str:
    """Return the whole configuration."""
    names = {name: f"group{index}" for index, name in enumerate(load_balancer.groups)}
    sections = [
        _section("global", _global(around)),
        _section("defaults", _defaults(load_balancer)),
        *(_frontend(each, load_balancer, names, around) for each in load_balancer.listeners),
        *(
            _section(f"backend {names[name]}", _backend(group, around.check_seconds))
            for name, group in load_balancer.groups.items()
        ),
    ]
    return "\n".join(sections)


def list_bodies(load_balancer: LoadBalancer) -> dict[str, str]:
    """The files that the configuration expects in the folder for bodies, with their contents."""
    return {
        _body_name(listener, number): action.body
        for listener in load_balancer.listeners
        for number, action in enumerate(listener.actions)
        if isinstance(action, FixedResponse)
    }


def _section(head: str, lines: Iterator[str]) -> str:
    return "\n".join([head, *(f"  {line}" for line in lines), ""])


def _global(around: Surroundings) -> Iterator[str]:
    yield f"stats socket sockpair@{around.admin_descriptor} level user"
    yield f"maxconn {_MOST_CONNECTIONS}"
    yield "nbthread 1"


def _defaults(load_balancer: LoadBalancer) -> Iterator[str]:
    idle = _milliseconds(load_balancer.idle_seconds)
    yield "mode http"
    yield "option forwardfor"
    yield "timeout connect 5s"
    # A refused connection is tried once more, at another target where there is one.
    yield "retries 1"
    yield "option redispatch 1"
    for side in ("client", "server", "tunnel", "http-request", "http-keep-alive"):
        yield f"timeout {side} {idle}"


def _frontend(
    listener: Listener, load_balancer: LoadBalancer, names: Mapping[str, str], around: Surroundings
) -> str:
    def lines() -> Iterator[str]:
        yield _bind(listener, around)
        yield f"http-request set-header X-Forwarded-Proto {listener.protocol.lower()}"
        yield f"http-request set-header X-Forwarded-Port {listener.port}"
        if load_balancer.drops_invalid_headers:
            yield "http-request del-header '[^-A-Za-z0-9]' -m reg"
        yield from _choice(listener)
        for number, action in enumerate(listener.actions):
            yield from _act(action, number, listener, names, around)

    return _section(f"frontend port{listener.port}", lines())


def _bind(listener: Listener, around: Surroundings) -> str:
    bind = f"bind fd@{around.descriptors[listener.port]}"
    if listener.protocol == "HTTP":
        return bind
    return f"{bind} ssl crt {quote(str(around.bundle))} ssl-min-ver TLSv{listener.min_tls}"


def _choice(listener: Listener) -> Iterator[str]:
    """The first rule that fits sets `txn.rule`; the default has the number after the last."""
    open_choice = "if !{ var(txn.rule) -m found }"
    for number, rule in enumerate(listener.rules):
        fits = " ".join(_condition(each) for each in rule.conditions)
        yield f"http-request set-var(txn.rule) int({number}) {open_choice} {fits}"
    yield f"http-request set-var(txn.rule) int({len(listener.rules)}) {open_choice}"


def _condition(condition: Condition) -> str:
    fetch = _SUBJECTS.get(condition.subject) or f"req.fhdr({condition.header})"
    case = "-i " if condition.ignores_case else ""
    return f"{{ {fetch} -m reg {case}{quote(condition.expression)} }}"


def _act(
    action: Action,
    number: int,
    listener: Listener,
    names: Mapping[str, str],
    around: Surroundings,
) -> Iterator[str]:
    chosen = f"if {{ var(txn.rule) -m int {number} }}"
    match action:
        case Forward():
            yield from _forward(action, chosen, names)
        case Redirect():
            yield from _redirect(action, chosen, listener, around.ports)
        case FixedResponse():
            body = around.bodies / _body_name(listener, number)
            yield (
                f"http-request return status {action.status}"
                f" content-type {quote(action.content_type)} file {quote(str(body))} {chosen}"
            )


def _forward(forward: Forward, chosen: str, names: Mapping[str, str]) -> Iterator[str]:
    if forward.total == 0:
        yield f"http-request return status 503 {chosen}"
        return
    yield f"http-request set-var(txn.draw) rand({forward.total}) {chosen}"
    below = 0
    for name, weight in forward.weights:
        below += weight
        if weight:
            yield f"use_backend {names[name]} {chosen} {{ var(txn.draw) -m int lt {below} }}"


def _redirect(
    redirect: Redirect, chosen: str, listener: Listener, ports: Mapping[int, int]
) -> Iterator[str]:
    fixed = {"#{protocol}": listener.protocol, "#{port}": str(listener.port)}
    protocol = _fill(redirect.protocol, fixed).lower()
    port = int(_fill(redirect.port, fixed))
    host, path, query = (
        _format(_fill(text, fixed)) for text in (redirect.host, redirect.path, redirect.query)
    )
    location = f"{protocol}://{host}:{ports.get(port, port)}{path}"
    head = f"http-request redirect code {redirect.status} location"
    # An empty query takes its question mark along.
    if "#{query}" in redirect.query:
        yield f"{head} {quote(f'{location}?{query}')} {chosen} {{ query -m len gt 0 }}"
    elif query:
        location = f"{location}?{query}"
    yield f"{head} {quote(location)} {chosen}"


def _fill(text: str, values: Mapping[str, str]) -> str:
    for placeholder, value in values.items():
        text = text.replace(placeholder, value)
    return text


def _format(text: str) -> str:
    """Turn the placeholders of an ALB into those of HAProxy's formats."""
    pieces = re.split(r"#\{(host|path|query)\}", text)
    return "".join(
        _PARTS[piece] if index % 2 else piece.replace("%", "%%")
        for index, piece in enumerate(pieces)
    )


def _backend(group: TargetGroup, check_seconds: float) -> Iterator[str]:
    check = group.health_check
    if check:
        yield "option httpchk"
        yield f"http-check send meth GET uri {quote(check.path)} ver HTTP/1.1 hdr Host localhost"
        yield f"http-check expect status {check.statuses}"
        yield f"timeout check {_milliseconds(check.timeout_seconds)}"
    watch = _check(check, check_seconds) if check else ""
    for index, target in enumerate(group.targets):
        yield f"server target{index} {quote(f'{target.host}:{target.port}')}{watch}"


def _check(check: HealthCheck, seconds: float) -> str:
    port = f" port {check.port}" if check.port else ""
    return f" check inter {_milliseconds(seconds)} fall {check.unhealthy_count} rise 1{port}"


def _body_name(listener: Listener, number: int) -> str:
    return f"body-{listener.port}-{number}"


def _milliseconds(seconds: float) -> str:
    return f"{math.ceil(seconds * 1000)}ms"


def quote(text: str) -> str:
    """One word of the configuration, whatever characters it has but line ends."""
    return "'" + text.replace("'", r"'\''") + "'"
