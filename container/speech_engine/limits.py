"""The bounds of one server and its conversations; pure data, checked at construction."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much a server takes on, and how long it waits. Seconds are floats, sizes are bytes.

    Raises ValueError naming the field when a value is not a positive, finite number.
    """

    max_conversations: int = 1000
    """Conversations at once; a further upgrade is answered 503 with Retry-After."""

    max_frame_bytes: int = 4 * 1024 * 1024
    """Longest message read. A longer one is skipped without being stored, and told to on_error."""

    max_history_messages: int = 1000
    """Newest messages of a transcript handed to the agent; older ones are left out."""

    init_seconds: float = 10.0
    """From the accepted socket to the `init` frame, and from the TCP connection to the upgrade."""

    idle_seconds: float = 900.0
    """Without any message from the platform, after which the conversation is closed."""

    conversation_seconds: float = 86400.0
    """From the open socket to the end of the conversation, whatever is being said: a day."""

    first_chunk_seconds: float = 3.0
    """From a transcript to FIRST_CHUNK_LATE, if nothing was sent; the platform re-sends after 4."""

    keepalive_seconds: float = 20.0
    """Between WebSocket pings, and how long a pong may take: idle proxies drop silent sockets."""

    max_threads: int = 32
    """Worker threads for synchronous handlers and iterators; further ones wait their turn."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not (isinstance(value, int | float) and math.isfinite(value) and value > 0):
                raise ValueError(f"{field.name} must be a positive number, not {value!r}")
