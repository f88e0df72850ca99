"""The API's routes; functions serve them, the page asks for tokens."""

from __future__ import annotations

from typing import Final

TOKEN_PATH: Final = "/api/token"  # noqa: S105 - a path
SIGNED_URL_PATH: Final = "/api/signed-url"
HEALTH_PATH: Final = "/api/health"
TRANSCRIPTS_PATH: Final = "/api/transcripts"
TRANSCRIPT_PATH: Final = "/api/transcripts/{conversation_id}"
