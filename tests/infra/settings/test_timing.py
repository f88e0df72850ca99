from __future__ import annotations

import pytest

from infra.settings import environment_names, load_environment, timing
from service.settings import Settings
from speech_engine import Limits
from tests.fakes.environments import environment_with


@pytest.mark.parametrize("name", environment_names())
def test_timing_lets_conversations_end_by_themselves(name: str) -> None:
    """From the engine's maximum to the bake, each duration outlasts the one before."""
    environment = load_environment(name)
    engine_seconds = environment.engine.conversation.max_duration_seconds
    server_seconds = timing.conversation_seconds(environment)
    delay_seconds = timing.deregistration_delay_seconds(environment)
    deployment = environment.service.deployment

    assert server_seconds == engine_seconds + 30
    assert server_seconds <= delay_seconds <= 3600
    if deployment.strategy == "blue_green":
        assert deployment.bake_minutes * 60 >= server_seconds + 120
    assert timing.KEEPALIVE_SECONDS < timing.idle_timeout_seconds(environment) <= 4000
    assert environment.conversations.idle_seconds <= timing.idle_timeout_seconds(environment)
    stop_grace_seconds = environment.conversations.stop_grace_seconds
    assert stop_grace_seconds + timing.STOP_MARGIN_SECONDS < timing.STOP_TIMEOUT_SECONDS <= 120
    assert environment.conversations.first_chunk_seconds < timing.cascade_seconds(environment)


def test_timing_holds_at_the_extremes() -> None:
    """The longest conversation and the longest silence that settings allow fit AWS's limits."""
    longest = environment_with(
        {
            "engine.conversation.max_duration_seconds": timing.MAX_CONVERSATION_SECONDS,
            "conversations.idle_seconds": 4000,
        }
    )
    assert timing.deregistration_delay_seconds(longest) == 3600
    assert timing.conversation_seconds(longest) == 3600
    assert timing.least_bake_minutes(longest) == 62
    assert timing.idle_timeout_seconds(longest) == 4000


def test_timing_knows_the_server_as_it_is() -> None:
    """The figures that stand here for the server are the server's own."""
    limits, settings = Limits(), Settings()
    conversations = environment_with().conversations
    assert limits.keepalive_seconds == timing.KEEPALIVE_SECONDS
    assert settings.stop_grace_seconds == conversations.stop_grace_seconds
    assert limits.idle_seconds == conversations.idle_seconds
    assert limits.first_chunk_seconds == conversations.first_chunk_seconds
