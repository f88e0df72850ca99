"""The Speech Engine's own configuration: the blocks a developer sets, as the REST API names them.

Only what a file sets is sent, so that the platform's defaults stay the platform's.
Source: https://elevenlabs.io/docs/api-reference/speech-engine/create
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from infra.settings.section import UNFIT, Section, shaped

AudioFormat = Literal[
    "pcm_8000", "pcm_16000", "pcm_22050", "pcm_24000", "pcm_44100", "pcm_48000", "ulaw_8000"
]
Fraction = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0)]


class Asr(Section):
    """Speech to text."""

    quality: Literal["high"] | None = None
    provider: Literal["elevenlabs", "scribe_realtime", "scribe_v2_turbo"] | None = None
    user_input_audio_format: AudioFormat | None = None
    keywords: list[str] | None = None


class Tts(Section):
    """The voice. `model_id` is not checked against a list: models come and go."""

    model_id: str | None = None
    voice_id: str | None = None
    supported_voices: list[dict[str, Any]] | None = None
    expressive_mode: bool | None = None
    suggested_audio_tags: list[dict[str, Any]] | None = None
    agent_output_audio_format: AudioFormat | None = None
    stability: Fraction | None = None
    similarity_boost: Fraction | None = None
    speed: Annotated[float, Field(ge=0.7, le=1.2)] | None = None
    clone_strength: Fraction | None = None
    text_normalisation_type: Literal["system_prompt", "elevenlabs"] | None = None
    pronunciation_dictionary_locators: list[dict[str, str]] | None = None
    enable_phoneme_tags: bool | None = None
    audio_effects: dict[str, Any] | None = None


class TurnTaking(Section):
    """When the user has finished, and what counts as an interruption."""

    turn_timeout: Seconds | None = None
    initial_wait_time: Seconds | None = None
    silence_end_call_timeout: Annotated[float, Field(ge=-1)] | None = None
    turn_eagerness: Literal["patient", "normal", "eager"] | None = None
    spelling_patience: Literal["auto", "off"] | None = None
    speculative_turn: bool | None = None
    retranscribe_on_turn_timeout: bool | None = None
    turn_model: Literal["turn_v2", "turn_v3"] | None = None
    interruption_ignore_terms: list[str] | None = None
    interruption_ignore_term_languages: list[str] | None = None
    merge_with_default_ignore_terms: bool | None = None
    transcribe_on_disabled_interruptions: bool | None = None


class Conversation(Section):
    """Length, kind and events of a conversation."""

    text_only: bool | None = None
    max_duration_seconds: Annotated[int, Field(ge=10, le=7200)] = 600
    client_events: list[str] | None = None
    file_input: dict[str, Any] | None = None
    monitoring_enabled: bool | None = None
    monitoring_events: list[str] | None = None
    dtmf_input_settings: dict[str, Any] | None = None
    background_sound: dict[str, Any] | None = None
    source_attribution: bool | None = None


class Privacy(Section):
    """What ElevenLabs keeps."""

    record_voice: bool | None = None
    retention_days: Annotated[int, Field(ge=-1)] | None = None
    delete_transcript_and_pii: bool | None = None
    delete_audio: bool | None = None
    apply_to_existing_conversations: bool | None = None
    zero_retention_mode: bool | None = None
    conversation_history_redaction: dict[str, Any] | None = None


class CallLimits(Section):
    """How many conversations the platform lets in."""

    agent_concurrency_limit: Annotated[int, Field(ge=-1)] | None = None
    daily_limit: Annotated[int, Field(ge=0)] | None = None
    bursting_enabled: bool | None = None


class Auth(Section):
    """Whether a client needs a signed URL or token; off, anybody who knows the id may talk."""

    enable_auth: bool = True


class Overrides(Section):
    """What a client may set for its own conversation."""

    first_message: bool = True


class RequestVariable(Section):
    """A header whose value is a dynamic variable of the conversation."""

    variable_name: str


class RequestSecret(Section):
    """A header whose value is a secret of the ElevenLabs workspace."""

    secret_id: str


def _kind_of_header(value: Any) -> str | None:
    if isinstance(value, str | RequestVariable | RequestSecret):
        return type(value).__name__
    if isinstance(value, dict):
        return RequestVariable.__name__ if "variable_name" in value else RequestSecret.__name__
    return None


RequestHeader = Annotated[
    Annotated[str, Tag("str")]
    | Annotated[RequestVariable, Tag("RequestVariable")]
    | Annotated[RequestSecret, Tag("RequestSecret")],
    Discriminator(
        _kind_of_header,
        custom_error_type=UNFIT,
        custom_error_message="unfit",
        custom_error_context={"remedy": 'a text, { variable_name = "…" } or { secret_id = "…" }'},
    ),
]


class EngineSettings(Section):
    """The Speech Engine resource."""

    name: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    language: Annotated[
        str, shaped(r"[a-z]{2}(-[A-Za-z]{2,4})?", "a language such as en or pt-br")
    ] = "en"
    tags: list[str] = Field(default_factory=list)
    asr: Asr = Asr()
    tts: Tts = Tts()
    turn: TurnTaking = TurnTaking()
    vad: dict[str, Any] = Field(default_factory=dict)
    conversation: Conversation = Conversation()
    privacy: Privacy = Privacy()
    call_limits: CallLimits = CallLimits()
    auth: Auth = Auth()
    overrides: Overrides = Overrides()
    cascade_timeout_seconds: Annotated[float, Field(ge=2, le=15)] | None = None
    request_headers: dict[str, RequestHeader] = Field(default_factory=dict)
    on_key_refused: Literal["fail", "orphan"] = "fail"
    """What deleting the stack does when ElevenLabs refuses the key."""
