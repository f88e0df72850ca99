"""What must hold between settings, one small function for each rule.

A rule yields one line for each mistake: the key, what is wrong, what to do. Rules about numbers
that AWS sets name their page.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from infra.names import ENVIRONMENT_TAG
from infra.settings import timing
from infra.settings.agent_rules import AGENT_RULES
from infra.settings.headers import RESERVED
from infra.settings.place_rules import PLACE_RULES
from infra.settings.problems import looks_like_api_key
from infra.settings.production_rules import PRODUCTION_RULES
from infra.settings.transcript_rules import TRANSCRIPT_RULES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from infra.settings.environment import Environment

# MiB that Fargate has, by CPU units.
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html
FARGATE_MEMORY_MIB: dict[int, Sequence[int]] = {
    256: (512, 1024, 2048),
    512: range(1024, 4096 + 1, 1024),
    1024: range(2048, 8192 + 1, 1024),
    2048: range(4096, 16384 + 1, 1024),
    4096: range(8192, 30720 + 1, 1024),
    8192: range(16384, 61440 + 1, 4096),
    16384: range(32768, 122880 + 1, 8192),
}
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
# https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
_TAG_TEXT = re.compile(r"[\w\s+\-=.:/@]*")
_MAX_TAGS = 40


def broken_rules(environment: Environment) -> list[str]:
    """One line for each rule that an environment breaks."""
    rules = PLACE_RULES + RULES + AGENT_RULES + TRANSCRIPT_RULES
    rules += PRODUCTION_RULES if environment.production else ()
    return [problem for rule in rules for problem in rule(environment)]


def misplaced_keys(content: Any, key: str = "") -> list[str]:
    """One line for each API key in a file's content: such files end up in a repository."""
    if isinstance(content, dict):
        return [
            problem
            for name, item in content.items()
            for problem in misplaced_keys(item, f"{key}.{name}" if key else str(name))
        ]
    if isinstance(content, list):
        return [problem for item in content for problem in misplaced_keys(item, key)]
    if looks_like_api_key(content):
        return [f"{key} holds an API key; take it out, `make deploy` asks for it"]
    return []


def _memory_fits_the_cpu(environment: Environment) -> Iterator[str]:
    service, sizes = environment.service, FARGATE_MEMORY_MIB[environment.service.cpu]
    if service.memory_mib not in sizes:
        shown = ", ".join(map(str, sizes[:3])) + (f" … {sizes[-1]}" if len(sizes) > 3 else "")
        yield (
            f"service.memory_mib is {service.memory_mib}, which Fargate has not with"
            f" service.cpu = {service.cpu}; give {shown}"
        )


def _scaling_starts_at_the_tasks(environment: Environment) -> Iterator[str]:
    service = environment.service
    if service.autoscaling and service.autoscaling.max_tasks < service.tasks:
        yield (
            f"service.autoscaling.max_tasks is {service.autoscaling.max_tasks}, less than"
            f" service.tasks; give {service.tasks} or more"
        )


def _a_bake_outlasts_conversations(environment: Environment) -> Iterator[str]:
    deployment, least = environment.service.deployment, timing.least_bake_minutes(environment)
    if deployment.strategy == "rolling" and deployment.bake_minutes:
        yield (
            "service.deployment.bake_minutes is for blue/green; take it out, or set"
            ' strategy = "blue_green"'
        )
    if deployment.strategy == "blue_green" and deployment.bake_minutes < least:
        yield (
            f"service.deployment.bake_minutes is {deployment.bake_minutes}, shorter than a"
            f" conversation may be; give {least} or more, or lower"
            " engine.conversation.max_duration_seconds"
        )


def _a_conversation_outlives_no_target(environment: Environment) -> Iterator[str]:
    seconds = environment.engine.conversation.max_duration_seconds
    if seconds > timing.MAX_CONVERSATION_SECONDS:
        yield (
            f"engine.conversation.max_duration_seconds is {seconds}, but a load balancer keeps"
            f" an old task's conversations for an hour at most; give"
            f" {timing.MAX_CONVERSATION_SECONDS} or less"
        )


def _a_late_chunk_is_told_in_time(environment: Environment) -> Iterator[str]:
    first, cascade = (
        environment.conversations.first_chunk_seconds,
        timing.cascade_seconds(environment),
    )
    if first >= cascade:
        yield (
            f"conversations.first_chunk_seconds is {first:g}, but the platform asks again after"
            f" {cascade:g} s; give less, or raise engine.cascade_timeout_seconds"
        )


def _snapshots_have_a_runtime(environment: Environment) -> Iterator[str]:
    # https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html
    if environment.token.snap_start and environment.functions.python == "3.11":
        yield ("token.snap_start needs Python 3.12 or newer; set functions.python, or take it out")


def _request_headers_are_free(environment: Environment) -> Iterator[str]:
    seen: set[str] = set()
    for name, value in environment.engine.request_headers.items():
        key = f"engine.request_headers.{name}"
        if name.lower() in seen:
            yield f"{key} is there twice, as headers know no case; take one out"
        seen.add(name.lower())
        if _HEADER_NAME.fullmatch(name) is None:
            yield f"{key} is no header's name; use letters, digits and hyphens"
        elif name.lower() in RESERVED:
            yield f"{key} is set by the stack or the connection itself; choose another name"
        if isinstance(value, str) and not (value.isascii() and value.isprintable()):
            yield f"{key} has characters that no header may have; use printable ASCII"


def _tickets_need_users(environment: Environment) -> Iterator[str]:
    if environment.token.user_ticket and environment.token.jwt is None:
        yield "token.user_ticket needs to know who asks; add [token.jwt], or take it out"


def _a_login_has_an_issuer(environment: Environment) -> Iterator[str]:
    if environment.site.login and environment.token.jwt is None:
        yield "site.login needs somebody to sign in at; add [token.jwt], or take it out"


def _alarms_go_one_way(environment: Environment) -> Iterator[str]:
    if environment.alarms.email and environment.alarms.topic_arn:
        yield (
            "alarms.email and alarms.topic_arn exclude each other; subscribe the address to"
            " that topic, and take email out"
        )


def _tags_are_accepted(environment: Environment) -> Iterator[str]:
    if len(environment.tags) > _MAX_TAGS:
        yield f"tags has {len(environment.tags)} keys; give at most {_MAX_TAGS}"
    for name, value in environment.tags.items():
        key = f"tags.{name}"
        if name == ENVIRONMENT_TAG:
            yield f"{key} is the stacks' own; take it out"
        elif name.lower().startswith("aws:") or not 1 <= len(name) <= 128:
            yield f"{key} is no tag's name; give 1 to 128 characters that don't begin with aws:"
        elif _TAG_TEXT.fullmatch(name + value) is None:
            yield f"{key} has characters that no tag may have; use letters, digits, + - = . _ : / @"
        if len(value) > 256:
            yield f"{key} is {len(value)} characters long; give at most 256"


RULES: tuple[Callable[[Environment], Iterator[str]], ...] = (
    _memory_fits_the_cpu,
    _scaling_starts_at_the_tasks,
    _a_bake_outlasts_conversations,
    _a_conversation_outlives_no_target,
    _a_late_chunk_is_told_in_time,
    _snapshots_have_a_runtime,
    _request_headers_are_free,
    _tickets_need_users,
    _a_login_has_an_issuer,
    _alarms_go_one_way,
    _tags_are_accepted,
)
