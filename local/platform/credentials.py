"""What proves who is calling: tokens for upstream sockets, signed URLs and tokens for clients.

Knows nothing of HTTP. Times are Unix seconds.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from dataclasses import dataclass
from urllib.parse import urlencode

import jwt

from local.platform.clock import Clock

UPSTREAM_HEADER = "X-Elevenlabs-Speech-Engine-Authorization"
UPSTREAM_ISSUER = "https://api.elevenlabs.io/convai/speech-engine"
UPSTREAM_SUBJECT = "convai_speech_engine_upstream"
UPSTREAM_TOKEN_SECONDS = 300
SIGNED_URL_SECONDS = (
    15 * 60
)  # https://elevenlabs.io/docs/eleven-agents/customization/authentication
CONVERSATION_TOKEN_SECONDS = 10 * 60

_RESIDENCY_SUFFIX = re.compile(r"_residency_[a-z0-9]+$")


def derive_signing_key(api_key: str) -> bytes:
    """Return the HMAC secret of an API key: its raw SHA-256 digest, residency suffix left out."""
    base_key = _RESIDENCY_SUFFIX.sub("", api_key.strip())
    return hashlib.sha256(base_key.encode()).digest()


def sign_upstream_token(
    api_key: str, now: float, lifetime_seconds: int = UPSTREAM_TOKEN_SECONDS
) -> str:
    """Return the JWT that goes into `UPSTREAM_HEADER` when an engine is dialled."""
    claims = {
        "iss": UPSTREAM_ISSUER,
        "sub": UPSTREAM_SUBJECT,
        "iat": int(now),
        "exp": int(now) + lifetime_seconds,
    }
    return jwt.encode(claims, derive_signing_key(api_key), algorithm="HS256")


@dataclass
class _Grant:
    engine_id: str
    expires_at: float
    conversation_id: str | None  # set: valid once, for this conversation


class Credentials:
    """Issues and checks what lets a client start a conversation with one engine."""

    def __init__(self, api_key: str, clock: Clock) -> None:
        self._api_key = api_key
        self._clock = clock
        self._grants: dict[str, _Grant] = {}

    def accepts_api_key(self, api_key: str) -> bool:
        """Tell whether this is the workspace's API key."""
        return secrets.compare_digest(api_key.encode(), self._api_key.encode())

    def sign_upstream(self) -> str:
        """Return a fresh token for the upstream socket, by real time: it is checked elsewhere."""
        return sign_upstream_token(self._api_key, time.time())

    def sign_url(self, origin: str, engine_id: str, conversation_id: str | None = None) -> str:
        """Return a WebSocket URL that may start a conversation during the next 15 minutes.

        With a `conversation_id` it works once, for that conversation.
        """
        signature = f"cvtkn_{secrets.token_hex(16)}"
        expires_at = self._clock.time() + SIGNED_URL_SECONDS
        self._grants[signature] = _Grant(engine_id, expires_at, conversation_id)
        query = {"agent_id": engine_id, "conversation_signature": signature}
        if conversation_id:
            query["conversation_id"] = conversation_id
        return f"{origin}/v1/convai/conversation?{urlencode(query)}"

    def issue_token(self, engine_id: str, conversation_id: str, participant: str) -> str:
        """Return a conversation token shaped as LiveKit's; no media server here will take it."""
        now = int(self._clock.time())
        expires_at = now + CONVERSATION_TOKEN_SECONDS
        claims = {
            "sub": participant,
            "nbf": now,
            "exp": expires_at,
            "video": {"roomJoin": True, "room": conversation_id},
        }
        token = jwt.encode(claims, derive_signing_key(self._api_key), algorithm="HS256")
        self._grants[token] = _Grant(engine_id, float(expires_at), None)
        return token

    def redeem(self, credential: str, engine_id: str) -> str | None:
        """Use a signature or token to start a conversation with `engine_id`.

        Returns the conversation id it is bound to, if any. Raises `PermissionError` when it does
        not open this door.
        """
        grant = self._grants.get(credential)
        if grant is None or grant.engine_id != engine_id:
            raise PermissionError("The conversation signature is not valid for this agent")
        if grant.expires_at < self._clock.time():
            raise PermissionError("The signed URL has expired")
        if grant.conversation_id is not None:
            del self._grants[credential]
        return grant.conversation_id
