"""The server's environment variables, as `docs/configuration.md` names them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from infra.names import PORT, WS_PATH
from infra.settings.headers import ID_HEADER, SECRET_HEADER
from infra.settings.timing import conversation_seconds

if TYPE_CHECKING:
    from infra.settings import Environment
    from infra.settings.agent import AgentSettings
    from infra.settings.transcripts import Transcripts

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
        "AGENT": environment.agent.module,
        "MODELS": ",".join(environment.agent.models),
        "LANGUAGE": environment.engine.language,
        "FIRST_WORDS_SECONDS": environment.agent.first_words_seconds,
        "MAX_CONVERSATIONS": conversations.max_conversations,
        "FIRST_CHUNK_SECONDS": conversations.first_chunk_seconds,
        "IDLE_SECONDS": conversations.idle_seconds,
        "CONVERSATION_SECONDS": conversation_seconds(environment),
        "STOP_GRACE_SECONDS": conversations.stop_grace_seconds,
        "LOG_LEVEL": environment.service.log_level,
        "TRANSCRIPT_TABLE": table_name,
        **_transcripts(environment.transcripts),
    }
    own = {f"SPEECH_ENGINE_{name}": str(value) for name, value in values.items()}
    # Of the task itself, for the AWS SDKs: https://docs.aws.amazon.com/sdkref/latest/guide/feature-region.html
    return own | _chosen(environment.agent) | {"AWS_REGION": environment.aws.region}


def _transcripts(transcripts: Transcripts) -> dict[str, str | int]:
    return {
        "TRANSCRIPT_DAYS": transcripts.days,
        "TRANSCRIPT_SHARDS": transcripts.shards,
        "TRANSCRIPT_TEXT": transcripts.text,
        "TRANSCRIPT_BUFFER_MIB": transcripts.buffer_mib,
        "TRANSCRIPT_REDACTION": transcripts.redaction,
        "TRANSCRIPT_REDACTION_LOCALES": ",".join(transcripts.redaction_locales),
        "TRANSCRIPT_REDACTION_PATTERNS": json.dumps(transcripts.redaction_patterns),
    }


def _chosen(agent: AgentSettings) -> dict[str, str]:
    """What stays the server's or the provider's default where nobody has set it."""
    values = {
        "SPEECH_ENGINE_INSTRUCTIONS": agent.instructions,
        "SPEECH_ENGINE_TEMPERATURE": agent.temperature,
        "SPEECH_ENGINE_MAX_TOKENS": agent.max_tokens,
        "SPEECH_ENGINE_REASONING_EFFORT": agent.reasoning_effort,
        "SPEECH_ENGINE_FILLER": agent.filler,
        "SPEECH_ENGINE_APOLOGY": agent.apology,
        "SPEECH_ENGINE_BEDROCK_GUARDRAIL": agent.bedrock_guardrail,
        "OPENAI_BASE_URL": agent.openai_base_url,
        "OPENAI_CHAT_BASE_URL": agent.openai_chat_base_url,
    }
    return {name: str(value) for name, value in values.items() if value is not None}
