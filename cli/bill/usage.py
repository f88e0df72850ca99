"""What one conversation uses, as far as settings don't say: assumptions, shown with the result."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """An ordinary conversation by voice; bytes are of text, audio never comes this way."""

    conversation_minutes: float = 5.0
    turns_per_minute: float = 4.0
    bytes_sent_per_turn: int = 4_000
    """To ElevenLabs: the answer, chunk by chunk, each in a frame of JSON."""

    bytes_received_per_turn: int = 6_000
    """From ElevenLabs: the conversation so far."""

    bytes_asked_per_turn: int = 8_000
    """To a language model, which gets the conversation so far and instructions."""

    item_bytes: int = 500
    """One message in the table; up to 1,000 it is one write."""

    log_bytes_per_line: int = 400
    log_lines_per_conversation: int = 3
    page_requests: int = 8
    page_bytes: int = 400_000
    token_seconds: float = 0.3
    token_log_bytes: int = 1_500
    """What the API and the function write about one token."""

    images_gb: float = 0.5
    """The images of some deployments, compressed."""

    buckets_gb: float = 0.1
    """The page, and the load balancer's access log."""
