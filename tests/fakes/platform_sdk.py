"""ElevenLabs' own Python client, pointed at a simulator and closed after use."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx
from elevenlabs import ElevenLabs

with warnings.catch_warnings():
    # The official module still names a class that websockets has deprecated.
    warnings.simplefilter("ignore", DeprecationWarning)
    from elevenlabs.conversational_ai.conversation import (
        AgentChatResponsePartType,
        AsyncAudioInterface,
        AsyncConversation,
        AudioEventAlignment,
        AudioInterface,
        ClientTools,
        Conversation,
        ConversationInitiationData,
        DisconnectionDetails,
    )

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.platform import Platform

__all__ = [
    "AgentChatResponsePartType",
    "AsyncAudioInterface",
    "AsyncConversation",
    "AudioEventAlignment",
    "AudioInterface",
    "ClientTools",
    "Conversation",
    "ConversationInitiationData",
    "DisconnectionDetails",
    "sdk_client",
]


@contextmanager
def sdk_client(platform: Platform) -> Iterator[ElevenLabs]:
    """Yield the synchronous client for a platform."""
    with httpx.Client(trust_env=False, timeout=10) as transport:
        yield ElevenLabs(api_key=platform.api_key, base_url=platform.url, httpx_client=transport)
