"""What the stacks share with the server and the functions without importing them.

The server reads most of it from its environment; tests hold the two ends together. The names of
headers are with the settings, in `infra.settings.headers`.
"""

from __future__ import annotations

APPLICATION = "SpeechEngine"

WS_PATH = "/ws"
READY_PATH = "/readyz"
PORT = 3001

HEADER_SECRET_LENGTH = 48

ENVIRONMENT_TAG = "speech-engine:environment"
"""On everything that can be tagged; the budget counts what carries it."""

CONVERSATION_KEY = "conversation"
ITEM_KEY = "item"
EXPIRY_ATTRIBUTE = "expires_at"
DAY_INDEX = "by_day"
DAY_SHARD_KEY = "day_shard"
STARTED_AT_KEY = "started_at"
