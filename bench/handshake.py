"""Owns the upgrade as the platform makes it: signed header, request, the reading of the reply.

The signature is made here by hand, so that the benchmark shares no code with what it measures.
Source of header and claims: https://elevenlabs.io/docs/eleven-agents/libraries/speech-engine
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
import time
from dataclasses import dataclass

from bench.frames import FrameScanner, Inflater

API_KEY = "sk_test_bench"
WRONG_KEY = "sk_test_wrong"
TOKEN_SECONDS = 3600
HEADER_END = b"\r\n\r\n"
DEFLATE = "permessage-deflate"

_serial = itertools.count(1)


def sign_token(api_key: str) -> str:
    """Return a token that no connection has used before."""
    now = int(time.time())
    claims = {
        "iss": "https://api.elevenlabs.io/convai/speech-engine",
        "sub": "convai_speech_engine_upstream",
        "iat": now,
        "exp": now + TOKEN_SECONDS,
        "jti": next(_serial),
    }
    signed = f"{_encode_json({'alg': 'HS256', 'typ': 'JWT'})}.{_encode_json(claims)}"
    secret = hashlib.sha256(api_key.encode()).digest()
    signature = hmac.digest(secret, signed.encode(), "sha256")
    return f"{signed}.{_encode(signature)}"


def _encode_json(value: object) -> str:
    return _encode(json.dumps(value, separators=(",", ":")).encode())


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def upgrade_request(port: int, token: str, *, offer_deflate: bool) -> bytes:
    """Return the request that asks for a conversation."""
    lines = [
        "GET /ws HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
        f"X-Elevenlabs-Speech-Engine-Authorization: Bearer {token}",
    ]
    if offer_deflate:
        lines.append(f"Sec-WebSocket-Extensions: {DEFLATE}; client_max_window_bits")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


@dataclass(frozen=True)
class Reply:
    """A server's answer to the upgrade: HTTP status, and what it made of the deflate offer."""

    status: int
    extension: str = ""

    @property
    def is_deflated(self) -> bool:
        """True if the server accepted compression."""
        return DEFLATE in self.extension

    def make_scanner(self) -> FrameScanner:
        """Return a scanner for what was agreed."""
        if not self.is_deflated:
            return FrameScanner()
        keeps_context = "server_no_context_takeover" not in self.extension
        return FrameScanner(Inflater(keeps_context=keeps_context))


def read_reply(head: bytes) -> Reply:
    """Read a response head; ValueError if it is not HTTP."""
    status_line, *lines = head.decode("latin-1").split("\r\n")
    parts = status_line.split(" ", 2)
    if len(parts) < 2 or not parts[0].startswith("HTTP/"):
        raise ValueError(f"not an HTTP response: {status_line!r}")
    headers = dict(line.lower().split(":", 1) for line in lines if ":" in line)
    return Reply(int(parts[1]), headers.get("sec-websocket-extensions", "").strip())
