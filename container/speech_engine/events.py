"""The names of the events a session emits; this module owns nothing else.

The first five are those of the official SDKs. The last three are this runtime's own.
https://elevenlabs.io/docs/eleven-agents/guides/speech-engine
"""

from typing import Final

INIT: Final = "init"
USER_TRANSCRIPT: Final = "user_transcript"
CLOSE: Final = "close"
ERROR: Final = "error"
DISCONNECTED: Final = "disconnected"

FIRST_CHUNK_LATE: Final = "first_chunk_late"
"""A turn has sent nothing for ``Limits.first_chunk_seconds``; the platform will soon re-send it."""

TURN_ENDED: Final = "turn_ended"
"""A turn is over; its outcome, chunk count and times are final."""

ENDED: Final = "ended"
"""The conversation is over, however it ended; emitted once, after every other event."""
