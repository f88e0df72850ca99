"""What must hold between the agent's settings, and between them and others."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from infra.settings.timing import cascade_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from infra.settings.environment import Environment

# Where an inference profile may be called from, by the beginning of its id:
# https://docs.aws.amazon.com/bedrock/latest/userguide/geographic-cross-region-inference.html
_GEOGRAPHIES = {"us": "us", "eu": "eu", "apac": "ap", "us-gov": "us-gov"}


def _models_differ(environment: Environment) -> Iterator[str]:
    models = environment.agent.models
    for name in dict.fromkeys(models):
        if models.count(name) > 1:
            yield f"agent.models has {name!r} twice; take one out"


def _another_model_has_time_left(environment: Environment) -> Iterator[str]:
    agent, cascade = environment.agent, cascade_seconds(environment)
    if len(agent.models) > 1 and agent.first_words_seconds * 2 > cascade:
        yield (
            f"agent.first_words_seconds is {agent.first_words_seconds:g}, which leaves the next"
            f" model less before the platform asks again after {cascade:g} s; give"
            f" {cascade / 2:g} or less, or raise engine.cascade_timeout_seconds"
        )


def _settings_have_their_provider(environment: Environment) -> Iterator[str]:
    agent = environment.agent
    for key, provider in (
        ("bedrock_guardrail", "bedrock"),
        ("openai_base_url", "openai"),
        ("openai_chat_base_url", "openai_chat"),
    ):
        if getattr(agent, key) is not None and provider not in agent.providers:
            yield (
                f"agent.{key} is for models of {provider}; name one in agent.models, or take it out"
            )


def _bedrock_is_asked_where_it_is(environment: Environment) -> Iterator[str]:
    region = environment.aws.region
    for model in environment.agent.bedrock_models:
        if model.startswith("arn:"):
            place = model.split(":")[3:4]
            if place != [region]:
                yield (
                    f"agent.models has an ARN of {''.join(place) or 'no region'}, aws.region is"
                    f" {region}; give one of that region"
                )
            continue
        geography = model.partition(".")[0]
        near = _geography(region)
        if near and geography in _GEOGRAPHIES and geography != near:
            yield (
                f"agent.models has {model!r}, which is not for {region}; did you mean"
                f" bedrock/{near}.{model.partition('.')[2]}?"
            )


def _geography(region: str) -> str | None:
    """The geography of a region, as profiles' ids begin; the longest beginning wins."""
    fitting = [name for name, start in _GEOGRAPHIES.items() if re.match(f"{start}-", region)]
    return max(fitting, key=len, default=None)


AGENT_RULES: tuple[Callable[[Environment], Iterator[str]], ...] = (
    _models_differ,
    _another_model_has_time_left,
    _settings_have_their_provider,
    _bedrock_is_asked_where_it_is,
)
