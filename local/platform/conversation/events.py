"""The events a client is sent, as JSON objects. One function for each; no state.

Source: https://elevenlabs.io/docs/api-reference/agents-platform/websocket
"""

from __future__ import annotations

from local.platform.audio import SpokenFrame
from local.platform.json_types import JsonObject
from local.platform.scripts import ToolCall


def initiation_metadata(conversation_id: str, output: str, user_input: str) -> JsonObject:
    """Return the first event; formats are named as in `pcm_16000`."""
    return {
        "type": "conversation_initiation_metadata",
        "conversation_initiation_metadata_event": {
            "conversation_id": conversation_id,
            "agent_output_audio_format": output,
            "user_input_audio_format": user_input,
        },
    }


def audio(frame: SpokenFrame, event_id: int) -> JsonObject:
    """Return a piece of speech with its alignment."""
    return {
        "type": "audio",
        "audio_event": {
            "audio_base_64": frame.base64(),
            "event_id": event_id,
            "alignment": frame.alignment(),
        },
    }


def user_transcript(text: str, event_id: int) -> JsonObject:
    """Return what the user was heard to say."""
    return {
        "type": "user_transcript",
        "user_transcription_event": {"user_transcript": text, "event_id": event_id},
    }


def agent_response(text: str, event_id: int) -> JsonObject:
    """Return the agent's whole answer."""
    return {
        "type": "agent_response",
        "agent_response_event": {"agent_response": text, "event_id": event_id},
    }


def agent_response_correction(original: str, corrected: str, event_id: int) -> JsonObject:
    """Return how much of an answer was heard before the user cut in."""
    return {
        "type": "agent_response_correction",
        "agent_response_correction_event": {
            "original_agent_response": original,
            "corrected_agent_response": corrected,
            "event_id": event_id,
        },
    }


def response_part(text: str, part: str, event_id: int) -> JsonObject:
    """Return a piece of a text answer; `part` is start, delta or stop."""
    return {
        "type": "agent_chat_response_part",
        "text_response_part": {"text": text, "type": part, "event_id": event_id},
    }


def interruption(event_id: int) -> JsonObject:
    """Return the order to stop playing everything up to `event_id`."""
    return {"type": "interruption", "interruption_event": {"event_id": event_id}}


def ping(event_id: int, ping_ms: int | None) -> JsonObject:
    """Return a ping; `ping_ms` is the last measured round trip, null before the first."""
    return {"type": "ping", "ping_event": {"event_id": event_id, "ping_ms": ping_ms}}


def client_tool_call(call: ToolCall, call_id: str, event_id: int) -> JsonObject:
    """Return the order to run a tool in the client."""
    return {
        "type": "client_tool_call",
        "client_tool_call": {
            "tool_name": call.name,
            "tool_call_id": call_id,
            "parameters": call.parameters,
            "event_id": event_id,
        },
    }


def error(code: int, error_type: str, message: str) -> JsonObject:
    """Return why the conversation is about to end."""
    return {
        "type": "error",
        "error_event": {
            "code": code,
            "error_type": error_type,
            "message": message,
            "reason": message,
        },
    }
