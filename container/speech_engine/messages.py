"""What the platform sends, read without trust: bytes in, plain values out, no I/O.

https://elevenlabs.io/docs/api-reference/speech-engine
"""

from __future__ import annotations

import json
from typing import Any

from .transcript import ConversationMessage


class PlatformError(Exception):
    """The platform reported an error in an `error` frame; the text is its message."""


def decode_frame(data: str | bytes | bytearray) -> dict[str, Any]:
    """Read one text or binary message as a JSON object.

    Raises ValueError (UnicodeDecodeError and JSONDecodeError are such) for anything else.
    """
    try:
        frame = json.loads(data if isinstance(data, str) else data.decode())
    except RecursionError:
        raise ValueError("the frame is nested too deeply") from None
    if not isinstance(frame, dict):
        raise ValueError(f"expected a JSON object, got {type(frame).__name__}")
    return frame


def read_event_id(frame: dict[str, Any]) -> tuple[int | None, ValueError | None]:
    """The frame's ``event_id``; None if absent, with an error if it is not an integer."""
    event_id = frame.get("event_id")
    if event_id is None or type(event_id) is int:
        return event_id, None
    return None, ValueError(f"event_id must be an integer, got {type(event_id).__name__}")


def read_transcript(
    frame: dict[str, Any], max_messages: int
) -> tuple[list[ConversationMessage], ValueError | None]:
    """The newest ``max_messages`` readable messages, and the first thing that was wrong."""
    items = frame.get("user_transcript")
    if not isinstance(items, list):
        kind = "missing" if items is None else f"a {type(items).__name__}"
        return [], ValueError(f"user_transcript must be a list, it is {kind}")
    transcript = []
    error = None
    for index, item in enumerate(items[-max_messages:]):
        message = _read_message(item)
        if message is not None:
            transcript.append(message)
        elif error is None:
            error = ValueError(f"user_transcript item {index} has no text role and content")
    return transcript, error


def _read_message(item: object) -> ConversationMessage | None:
    if not isinstance(item, dict):
        return None
    role, content = item.get("role"), item.get("content")
    if not (isinstance(role, str) and isinstance(content, str)):
        return None
    return ConversationMessage(role, content)
