"""The durations of a deploy and of a task's death, derived from the settings in this one place.

A blue/green deployment cuts no conversation because each of these outlasts the one before: the
engine's maximum, the server's own end of a conversation, the time until the load balancer lets go
of a task, and the bake. `rules` refuses settings that break the row.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infra.settings.environment import Environment

# The platform asks again after this many seconds unless the engine says otherwise.
DEFAULT_CASCADE_SECONDS = 4.0
# The server ends a conversation that the platform should have ended by now.
CONVERSATION_MARGIN_SECONDS = 30
# A bake outlasts the last conversation on the old tasks by this much.
BAKE_MARGIN_SECONDS = 120
# The server's WebSocket pings keep every proxy on the way from calling a connection idle.
KEEPALIVE_SECONDS = 20
# How long the server may take to end after its stop grace.
STOP_MARGIN_SECONDS = 9
# Fargate's most: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html
STOP_TIMEOUT_SECONDS = 120
# The load balancer's most:
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-target-group-attributes.html
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html
MAX_DEREGISTRATION_DELAY_SECONDS = 3600
MAX_IDLE_TIMEOUT_SECONDS = 4000
MAX_CONVERSATION_SECONDS = MAX_DEREGISTRATION_DELAY_SECONDS - CONVERSATION_MARGIN_SECONDS


def cascade_seconds(environment: Environment) -> float:
    """When the platform asks again for an answer that hasn't begun."""
    return environment.engine.cascade_timeout_seconds or DEFAULT_CASCADE_SECONDS


def conversation_seconds(environment: Environment) -> int:
    """When the server itself ends a conversation (SPEECH_ENGINE_CONVERSATION_SECONDS)."""
    return environment.engine.conversation.max_duration_seconds + CONVERSATION_MARGIN_SECONDS


def deregistration_delay_seconds(environment: Environment) -> int:
    """How long a target group keeps the conversations of a task that it no longer gives new ones.

    The load balancer closes what is left at the end of it, and not before.
    """
    return min(conversation_seconds(environment), MAX_DEREGISTRATION_DELAY_SECONDS)


def least_bake_minutes(environment: Environment) -> int:
    """The shortest bake of a blue/green deployment in which every old conversation ends."""
    return math.ceil((conversation_seconds(environment) + BAKE_MARGIN_SECONDS) / 60)


def idle_timeout_seconds(environment: Environment) -> int:
    """The load balancer's idle timeout: the server gives a silent conversation up first."""
    return min(math.ceil(environment.conversations.idle_seconds), MAX_IDLE_TIMEOUT_SECONDS)
