"""The signing side of the token: what ElevenLabs puts into the header of its upgrade request.

Written with the standard library alone, so that it shares nothing with the code that verifies.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import time
from typing import Any

API_KEY = "sk_test_0123456789abcdef"
OTHER_API_KEY = "sk_test_fedcba9876543210"
HEADER = "X-Elevenlabs-Speech-Engine-Authorization"


def sign_token(api_key: str = API_KEY, *, header: Any = None, **overrides: Any) -> str:
    """Return a token that is valid for five minutes, but for what `overrides` say.

    A claim set to None is left out. `payload=` replaces all claims: bytes are signed as they are.
    """
    now = int(time.time())
    claims: Any = {
        "iss": "https://api.elevenlabs.io/convai/speech-engine",
        "sub": "convai_speech_engine_upstream",
        "iat": now,
        "exp": now + 300,
    }
    claims |= overrides
    claims = {name: value for name, value in claims.items() if value is not None}
    if "payload" in overrides:
        claims = overrides["payload"]
    header = {"alg": "HS256", "typ": "JWT"} if header is None else header
    signed = f"{encode_segment(header)}.{encode_segment(claims)}"
    return f"{signed}.{encode_segment(compute_signature(api_key, signed))}"


def compute_signature(api_key: str, signed: str) -> bytes:
    """Return the HMAC of `signed` under the digest of the key without its residency suffix."""
    base = re.sub(r"_residency_[a-z0-9]+$", "", api_key)
    secret = hashlib.sha256(base.encode()).digest()
    return hmac.digest(secret, signed.encode(), "sha256")


def encode_segment(content: Any) -> str:
    """Return bytes, or anything else as JSON, in unpadded base64url."""
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def authorization(api_key: str = API_KEY, **overrides: Any) -> dict[str, str]:
    """Return the header that ElevenLabs sends with its upgrade request."""
    return {HEADER: sign_token(api_key, **overrides)}
