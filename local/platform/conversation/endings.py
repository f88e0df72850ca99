"""The ways a conversation ends, and what the client and the record are told about each."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Ending:
    """A WebSocket close code with its reason; with `error_type` an error event comes first."""

    close_code: int
    reason: str
    error_type: str | None = None
    failed: bool = False


CLIENT_LEFT = Ending(1000, "Client ended the conversation")
ENGINE_HUNG_UP = Ending(1000, "Speech Engine ended the conversation")
ENGINE_LOST = Ending(
    1011, "Failed to send message to Speech Engine", "custom_llm_error", failed=True
)
CASCADE_EXHAUSTED = Ending(
    1011, "Speech Engine generation failed: LLM Cascade Error", "cascade_brain_error", failed=True
)
DURATION_REACHED = Ending(1000, "Maximum conversation duration reached", "max_duration_exceeded")
SIMULATOR_STOPPED = Ending(1001, "The simulator is shutting down")
SIMULATOR_FAILED = Ending(1011, "The simulator failed; see its log", "error", failed=True)


def invalid_message(why: str) -> Ending:
    """Return the ending of a conversation whose client broke the protocol."""
    return Ending(1008, f"Invalid message received: {why}", "invalid_message", failed=True)


def unreachable(why: str) -> Ending:
    """Return the ending of a conversation whose engine could not be dialled."""
    return Ending(1011, f"Could not connect to the Speech Engine: {why}", failed=True)
