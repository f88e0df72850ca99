"""What was said, message by message; this module owns nothing else.

https://elevenlabs.io/docs/api-reference/speech-engine
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class ConversationMessage:
    """One message of a conversation: ``role`` is "user" or "agent", ``content`` its text."""

    role: str
    content: str
