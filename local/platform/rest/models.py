"""Request bodies of the REST interface, with the documented values and defaults of every field.

Source: https://elevenlabs.io/docs/api-reference/speech-engine/create. Unknown keys are ignored,
as the platform does; unknown values of known keys are refused.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

AudioFormatName = Literal[
    "pcm_8000",
    "pcm_16000",
    "pcm_22050",
    "pcm_24000",
    "pcm_44100",
    "pcm_48000",
    "ulaw_8000",
]
ClientEvent = Literal[
    "conversation_initiation_metadata",
    "asr_initiation_metadata",
    "ping",
    "audio",
    "interruption",
    "user_transcript",
    "tentative_user_transcript",
    "agent_response",
    "agent_response_correction",
    "client_tool_call",
    "mcp_tool_call",
    "mcp_connection_status",
    "agent_tool_request",
    "agent_tool_response",
    "agent_tool_response_full_payload",
    "agent_response_metadata",
    "vad_score",
    "agent_chat_response_part",
    "client_error",
    "guardrail_triggered",
    "dtmf_request",
    "agent_response_complete",
    "context_usage",
    "internal_turn_probability",
    "internal_tentative_agent_response",
]
WebSocketUrl = Annotated[str, StringConstraints(pattern=r"^wss?://[^/\s]+")]
DEFAULT_CLIENT_EVENTS: tuple[ClientEvent, ...] = (
    "audio",
    "interruption",
    "agent_response",
    "user_transcript",
)


class Block(BaseModel):
    """A group of settings."""

    model_config = ConfigDict(protected_namespaces=())


class SecretLocator(Block):
    """A header value kept in the workspace's secret store."""

    secret_id: str


class DynamicVariable(Block):
    """A header value taken from the conversation's dynamic variables."""

    variable_name: str


class SpeechEngineBlock(Block):
    """Where the upstream server is, and the headers it is dialled with."""

    ws_url: WebSocketUrl
    request_headers: dict[str, str | SecretLocator | DynamicVariable] = Field(default_factory=dict)


class AsrBlock(Block):
    """Speech recognition."""

    quality: Literal["high"] = "high"
    provider: Literal["elevenlabs", "scribe_realtime", "scribe_v2_turbo"] = "scribe_realtime"
    user_input_audio_format: AudioFormatName = "pcm_16000"
    keywords: list[str] = Field(default_factory=list)


class SupportedVoice(Block):
    """A further voice the engine may use."""

    label: str
    voice_id: str
    description: str | None = None
    language: str | None = None
    model_family: Literal["turbo", "flash", "multilingual", "v3_conversational"] | None = None
    optimize_streaming_latency: int | None = Field(default=None, ge=0, le=4)
    stability: float | None = Field(default=None, ge=0, le=1)
    speed: float | None = Field(default=None, ge=0.7, le=1.2)
    similarity_boost: float | None = Field(default=None, ge=0, le=1)


class AudioTag(Block):
    """A tag that expressive voices may use."""

    tag: str
    description: str | None = None


class PronunciationDictionary(Block):
    """A dictionary in one of its versions."""

    pronunciation_dictionary_id: str
    version_id: str | None = None


class TtsBlock(Block):
    """Speech synthesis."""

    model_id: Literal[
        "eleven_turbo_v2",
        "eleven_turbo_v2_5",
        "eleven_flash_v2",
        "eleven_flash_v2_5",
        "eleven_multilingual_v2",
        "eleven_v3_conversational",
        "eleven_v4",
        "eleven_v4_turbo",
    ] = "eleven_flash_v2"
    voice_id: str = "cjVigY5qzO86Huf0OWal"
    supported_voices: list[SupportedVoice] = Field(default_factory=list)
    expressive_mode: bool = True
    suggested_audio_tags: list[AudioTag] = Field(default_factory=list)
    agent_output_audio_format: AudioFormatName = "pcm_16000"
    optimize_streaming_latency: int | None = Field(default=None, ge=0, le=4)
    stability: float = Field(default=0.5, ge=0, le=1)
    speed: float = Field(default=1.0, ge=0.7, le=1.2)
    similarity_boost: float = Field(default=0.8, ge=0, le=1)
    text_normalisation_type: Literal["system_prompt", "elevenlabs"] = "system_prompt"
    pronunciation_dictionary_locators: list[PronunciationDictionary] = Field(default_factory=list)
    enable_phoneme_tags: bool = False
    audio_effects: dict[str, Any] | None = None


class TurnBlock(Block):
    """Turn-taking; the times are seconds and -1 means never."""

    turn_timeout: float = 7.0
    initial_wait_time: float | None = None
    silence_end_call_timeout: float = -1
    turn_eagerness: Literal["patient", "normal", "eager"] = "normal"
    spelling_patience: Literal["auto", "off"] = "auto"
    speculative_turn: bool = False
    retranscribe_on_turn_timeout: bool = False
    turn_model: Literal["turn_v2", "turn_v3"] = "turn_v3"
    interruption_ignore_terms: list[str] = Field(default_factory=list)
    interruption_ignore_term_languages: list[str] = Field(default_factory=list)
    merge_with_default_ignore_terms: bool = True
    transcribe_on_disabled_interruptions: bool = False


class FileInputBlock(Block):
    """Files that a client may upload into a conversation."""

    enabled: bool = True
    max_files_in_memory: int = 10
    max_files_per_conversation: int = 10


class ConversationBlock(Block):
    """Conversation-wide settings."""

    text_only: bool = False
    max_duration_seconds: int = Field(default=600, gt=0)
    client_events: list[ClientEvent] = Field(default_factory=lambda: list(DEFAULT_CLIENT_EVENTS))
    file_input: FileInputBlock = Field(default_factory=FileInputBlock)
    monitoring_enabled: bool = False
    monitoring_events: list[ClientEvent] = Field(default_factory=list)
    dtmf_input_settings: dict[str, Any] | None = None
    background_sound: dict[str, Any] | None = None
    source_attribution: bool = False


class RedactionBlock(Block):
    """What is taken out of stored conversations."""

    enabled: bool = False
    entities: list[str] = Field(default_factory=list)
    excluded_data_collection_ids: list[str] = Field(default_factory=list)


class PrivacyBlock(Block):
    """What is kept, and for how many days (-1: without end)."""

    record_voice: bool = True
    retention_days: int = -1
    delete_transcript_and_pii: bool = False
    delete_audio: bool = False
    apply_to_existing_conversations: bool = False
    zero_retention_mode: bool = False
    conversation_history_redaction: RedactionBlock = Field(default_factory=RedactionBlock)


class CallLimitsBlock(Block):
    """How many conversations at once (-1: no limit) and a day."""

    agent_concurrency_limit: int = -1
    daily_limit: int = 100_000
    bursting_enabled: bool = True


class AuthBlock(Block):
    """With `enable_auth` a client needs a signed URL or a token."""

    enable_auth: bool = False


class OverridesBlock(Block):
    """What a client may override when it starts a conversation."""

    first_message: bool = False


class EngineSettings(Block):
    """A whole engine, as it is created and kept."""

    speech_engine: SpeechEngineBlock
    name: str = "Speech Engine"
    asr: AsrBlock = Field(default_factory=AsrBlock)
    tts: TtsBlock = Field(default_factory=TtsBlock)
    turn: TurnBlock = Field(default_factory=TurnBlock)
    vad: dict[str, Any] = Field(default_factory=dict)
    conversation: ConversationBlock = Field(default_factory=ConversationBlock)
    privacy: PrivacyBlock = Field(default_factory=PrivacyBlock)
    call_limits: CallLimitsBlock = Field(default_factory=CallLimitsBlock)
    auth: AuthBlock = Field(default_factory=AuthBlock)
    language: str = Field(default="en", min_length=2)
    cascade_timeout_seconds: float = Field(default=4.0, ge=2, le=15)
    tags: list[str] = Field(default_factory=list)
    overrides: OverridesBlock = Field(default_factory=OverridesBlock)


class EngineUpdate(Block):
    """A partial engine: what is left out stays as it is, a null brings the default back."""

    speech_engine: SpeechEngineBlock | None = None
    name: str | None = None
    asr: AsrBlock | None = None
    tts: TtsBlock | None = None
    turn: TurnBlock | None = None
    vad: dict[str, Any] | None = None
    conversation: ConversationBlock | None = None
    privacy: PrivacyBlock | None = None
    call_limits: CallLimitsBlock | None = None
    auth: AuthBlock | None = None
    language: str | None = Field(default=None, min_length=2)
    cascade_timeout_seconds: float | None = Field(default=None, ge=2, le=15)
    tags: list[str] | None = None
    overrides: OverridesBlock | None = None


class EngineCopy(Block):
    """The body of a duplicate request."""

    name: str | None = None


class ListQuery(Block):
    """How engines are listed."""

    page_size: int = Field(default=30, ge=1, le=100)
    search: str | None = None
    sort_direction: Literal["asc", "desc"] = "desc"
    sort_by: Literal["name", "created_at", "call_count_7d"] = "created_at"
    cursor: str | None = None


class Feedback(Block):
    """A judgement on a whole conversation."""

    feedback: Literal["like", "dislike"] | None = None
    rating: int | None = Field(default=None, ge=1, le=5)
    comment: str | None = None
