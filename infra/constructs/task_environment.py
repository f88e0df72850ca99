"""The server's environment variables, as `docs/configuration.md` names them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.names import PORT, WS_PATH
from infra.settings.headers import ID_HEADER, SECRET_HEADER
from infra.settings.timing import conversation_seconds

if TYPE_CHECKING:
    from infra.settings import Environment

API_KEY = "ELEVENLABS_API_KEY"
HEADER_SECRET = "SPEECH_ENGINE_HEADER_SECRET"  # noqa: S105 - the variable's name


def task_environment(environment: Environment, *, table_name: str) -> dict[str, str]:
    """Return what the task is told, but its secrets."""
    conversations = environment.conversations
    values = {
        "ENVIRONMENT": environment.name,
        "HOST": "0.0.0.0",  # noqa: S104 - in a task of its own, behind a security group
        "PORT": PORT,
        "WS_PATH": WS_PATH,
        "HEADER_NAME": SECRET_HEADER,
        "ENGINE_ID_HEADER": ID_HEADER,
        "AGENT": environment.service.agent,
        "MAX_CONVERSATIONS": conversations.max_conversations,
        "FIRST_CHUNK_SECONDS": conversations.first_chunk_seconds,
        "IDLE_SECONDS": conversations.idle_seconds,
        "CONVERSATION_SECONDS": conversation_seconds(environment),
        "STOP_GRACE_SECONDS": conversations.stop_grace_seconds,
        "LOG_LEVEL": environment.service.log_level,
        "TRANSCRIPT_TABLE": table_name,
        "TRANSCRIPT_DAYS": environment.transcripts.days,
        "TRANSCRIPT_SHARDS": environment.transcripts.shards,
        "TRANSCRIPT_TEXT": environment.transcripts.text,
    }
    return {f"SPEECH_ENGINE_{name}": str(value) for name, value in values.items()}
