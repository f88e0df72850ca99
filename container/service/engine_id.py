"""The id of the engine that dials: the engine sends it as one of its own request headers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from speech_engine import SpeechEngineSession

_ENGINE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


def read_engine_id(session: SpeechEngineSession, header_name: str) -> str | None:
    """The session's engine id. It is the caller's word: only what has the shape of an id counts."""
    value = session.request_headers.get(header_name.lower(), "")
    return value if _ENGINE_ID.fullmatch(value) else None
