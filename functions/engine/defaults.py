"""Which value brings a setting back to the platform's default, once a file no longer sets it.

A PATCH leaves alone what it does not name. The values are the documented ones; None where there is
no documented value. Source: https://elevenlabs.io/docs/api-reference/speech-engine/create
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

DEFAULTS: dict[str, Any] = {
    "name": "Speech Engine",
    "language": "en",
    "tags": [],
    "asr": {
        "quality": "high",
        "provider": "scribe_realtime",
        "user_input_audio_format": "pcm_16000",
        "keywords": [],
    },
    "tts": {
        "model_id": "eleven_flash_v2",
        "voice_id": "cjVigY5qzO86Huf0OWal",
        "supported_voices": [],
        "expressive_mode": True,
        "suggested_audio_tags": [],
        "agent_output_audio_format": "pcm_16000",
        "stability": 0.5,
        "speed": 1.0,
        "similarity_boost": 0.8,
        "text_normalisation_type": "system_prompt",
        "pronunciation_dictionary_locators": [],
        "enable_phoneme_tags": False,
    },
    "turn": {
        "turn_timeout": 7.0,
        "silence_end_call_timeout": -1,
        "turn_eagerness": "normal",
        "spelling_patience": "auto",
        "speculative_turn": False,
        "retranscribe_on_turn_timeout": False,
        "turn_model": "turn_v3",
        "interruption_ignore_terms": [],
        "interruption_ignore_term_languages": [],
        "merge_with_default_ignore_terms": True,
        "transcribe_on_disabled_interruptions": False,
    },
    "conversation": {
        "text_only": False,
        "max_duration_seconds": 600,
        "client_events": ["audio", "interruption", "agent_response", "user_transcript"],
        "monitoring_enabled": False,
        "monitoring_events": [],
        "source_attribution": False,
    },
    "privacy": {
        "record_voice": True,
        "retention_days": -1,
        "delete_transcript_and_pii": False,
        "delete_audio": False,
        "apply_to_existing_conversations": False,
        "zero_retention_mode": False,
        "conversation_history_redaction": {
            "enabled": False,
            "entities": [],
            "excluded_data_collection_ids": [],
        },
    },
    "call_limits": {
        "agent_concurrency_limit": -1,
        "daily_limit": 100_000,
        "bursting_enabled": True,
    },
    "cascade_timeout_seconds": 4.0,
    "auth": {"enable_auth": True},  # this project's own default
    "overrides": {"first_message": False},
}
_SENT_WHOLE = frozenset({"speech_engine"})


def reset_removed(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """The defaults of every setting that `old` has and `new` has not, at any depth."""
    kept = {key: value for key, value in old.items() if key not in _SENT_WHOLE}
    return _reset(kept, new, DEFAULTS)


def _reset(old: Mapping[str, Any], new: Any, defaults: Any) -> dict[str, Any]:
    new = new if isinstance(new, Mapping) else {}
    resets: dict[str, Any] = {}
    for key, value in old.items():
        default = defaults.get(key) if isinstance(defaults, Mapping) else None
        if key not in new and not isinstance(default, Mapping):
            resets[key] = default
        elif isinstance(value, Mapping) and (inner := _reset(value, new.get(key), default)):
            resets[key] = inner
    return resets


def lay_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Both trees as one; where they meet in a value, `above` wins."""
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        if isinstance(value, Mapping) and isinstance(under, Mapping):
            merged[key] = lay_over(under, value)
        else:
            merged[key] = value
    return merged


def drop_unknown(resets: Mapping[str, Any]) -> dict[str, Any]:
    """The resets without those whose default nobody documents."""
    known: dict[str, Any] = {}
    for key, value in resets.items():
        inner = drop_unknown(value) if isinstance(value, Mapping) else value
        if inner is not None and inner != {}:
            known[key] = inner
    return known
