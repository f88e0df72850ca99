"""The ElevenLabs platform in miniature, on loopback: for tests and for working offline.

It knows the documented protocols and nothing of this project's server. Sources:
https://elevenlabs.io/docs/api-reference/speech-engine and
https://elevenlabs.io/docs/api-reference/agents-platform/websocket
"""

from local.platform.clock import Clock, JumpingClock, SystemClock
from local.platform.conversation.conversation import Conversation
from local.platform.credentials import UPSTREAM_HEADER, sign_upstream_token
from local.platform.dialling import EngineUnreachableError
from local.platform.engines import Engine
from local.platform.platform import DEFAULT_API_KEY, Platform
from local.platform.scripts import (
    RepeatOldId,
    Script,
    SplitPause,
    StayIdle,
    ToolCall,
    Utterance,
)
from local.platform.upstream import Chunk, Turn, Upstream

__all__ = [
    "DEFAULT_API_KEY",
    "UPSTREAM_HEADER",
    "Chunk",
    "Clock",
    "Conversation",
    "Engine",
    "EngineUnreachableError",
    "JumpingClock",
    "Platform",
    "RepeatOldId",
    "Script",
    "SplitPause",
    "StayIdle",
    "SystemClock",
    "ToolCall",
    "Turn",
    "Upstream",
    "Utterance",
    "sign_upstream_token",
]
