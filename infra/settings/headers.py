"""The headers that ElevenLabs sends with each connection, as far as the stacks decide on them."""

from __future__ import annotations

from typing import Final

SECRET_HEADER: Final = "X-Speech-Engine-Secret"  # noqa: S105 - a name
"""Carries the environment's own secret; the server refuses connections without it."""

ID_HEADER: Final = "X-Speech-Engine-Id"
"""Carries the engine's id, which exists only after the server does."""

USER_HEADER: Final = "X-Speech-Engine-User"
"""Carries a signed user ticket back, out of the dynamic variable below."""

USER_TICKET_VARIABLE: Final = "user_ticket"

# What an environment may not set: the stacks' own, and what the handshake itself consists of.
RESERVED: Final = frozenset(
    name.lower()
    for name in (
        SECRET_HEADER,
        ID_HEADER,
        USER_HEADER,
        "X-Elevenlabs-Speech-Engine-Authorization",
        "Host",
        "Connection",
        "Upgrade",
        "Content-Length",
        "Transfer-Encoding",
        "Sec-WebSocket-Key",
        "Sec-WebSocket-Version",
        "Sec-WebSocket-Protocol",
        "Sec-WebSocket-Extensions",
    )
)
