"""What `production = true` asks for beyond the rules of every environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.settings.agent import ECHO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from infra.settings.environment import Environment

# The agents of this project that ask the models; what another one does is its own affair.
_ASKING = {"agent", "order_desk"}


def _survives_a_zone(environment: Environment) -> Iterator[str]:
    if environment.service.tasks < 2:
        yield "service.tasks is 1; production needs 2 or more, in two zones"


def _keeps_its_data(environment: Environment) -> Iterator[str]:
    for name in ("retain", "deletion_protection"):
        if not getattr(environment.data, name):
            yield f"data.{name} is false; production needs true"


def _asks_who_talks(environment: Environment) -> Iterator[str]:
    if environment.token.jwt is None:
        yield "token.jwt is missing; production has no open token endpoint: add [token.jwt]"
    if "*" in environment.token.cors_origins:
        yield 'token.cors_origins has "*"; production names the origins'
    if not environment.engine.auth.enable_auth:
        yield "engine.auth.enable_auth is false; production needs true"


def _tells_somebody(environment: Environment) -> Iterator[str]:
    if environment.alarms.email is None and environment.alarms.topic_arn is None:
        yield "alarms has nobody to tell; production needs alarms.email or alarms.topic_arn"


def _lets_nobody_in(environment: Environment) -> Iterator[str]:
    if environment.service.execute_command:
        yield "service.execute_command is true; production needs false"


def _is_not_interrupted(environment: Environment) -> Iterator[str]:
    if environment.service.spot:
        yield "service.spot is true, but spot tasks end within two minutes; production needs false"


def _keeps_its_log_readable(environment: Environment) -> Iterator[str]:
    if environment.service.log_level == "debug":
        yield 'service.log_level is "debug"; production needs "info" or less'
    if environment.service.log_days < 14:
        yield (
            f"service.log_days is {environment.service.log_days}; production needs 14 or more, to"
            " look into what happened"
        )


def _has_the_real_platform(environment: Environment) -> Iterator[str]:
    if environment.elevenlabs.host.startswith("http://"):
        yield "elevenlabs.host is not encrypted; production needs an https:// address"


def _answers_with_a_model(environment: Environment) -> Iterator[str]:
    agent = environment.agent
    module = agent.module.partition(":")[0]
    if module == ECHO:
        yield "agent.module is echo, which says back what it hears; production needs another"
    elif ECHO in agent.models and (module in _ASKING or len(agent.models) > 1):
        yield (
            "agent.models has echo, which says back what it hears; production needs other models,"
            " such as bedrock/us.amazon.nova-lite-v1:0"
        )


PRODUCTION_RULES: tuple[Callable[[Environment], Iterator[str]], ...] = (
    _survives_a_zone,
    _keeps_its_data,
    _asks_who_talks,
    _tells_somebody,
    _lets_nobody_in,
    _is_not_interrupted,
    _keeps_its_log_readable,
    _has_the_real_platform,
    _answers_with_a_model,
)
