"""The ElevenLabs Speech Engine's server side: the official SDK's surface on a faster runtime.

Speaks the protocol and runs turns. Knows no AWS, no agent, no settings of a deployment.
"""

from .events import (
    CLOSE,
    DISCONNECTED,
    ENDED,
    ERROR,
    FIRST_CHUNK_LATE,
    INIT,
    TURN_ENDED,
    USER_TRANSCRIPT,
)
from .limits import Limits
from .messages import PlatformError
from .resource import SpeechEngineResource
from .server import SpeechEngineServer
from .session import SpeechEngineSession
from .sockets import WebSocketLike
from .text import extract_text
from .tokens import verify_speech_engine_jwt
from .transcript import ConversationMessage
from .turns import Turn

__all__ = [
    "CLOSE",
    "DISCONNECTED",
    "ENDED",
    "ERROR",
    "FIRST_CHUNK_LATE",
    "INIT",
    "TURN_ENDED",
    "USER_TRANSCRIPT",
    "ConversationMessage",
    "Limits",
    "PlatformError",
    "SpeechEngineResource",
    "SpeechEngineServer",
    "SpeechEngineSession",
    "Turn",
    "WebSocketLike",
    "extract_text",
    "verify_speech_engine_jwt",
]
