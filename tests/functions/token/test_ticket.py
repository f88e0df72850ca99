from __future__ import annotations

import base64
import hashlib
import hmac
import json

from functions.token.ticket import TicketPrinter

SECRET = "header-secret"


def decode(segment: str) -> bytes:
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


def test_ticket_has_the_written_format() -> None:
    """The standard library alone verifies it, by what the module's docstring says."""
    ticket = TicketPrinter("seng_1", 300).print("ada", SECRET, 1_800_000_000.9)
    signed, _, signature = ticket.rpartition(".")
    header, claims = (json.loads(decode(part)) for part in signed.split("."))
    assert header == {"alg": "HS256", "typ": "JWT"}
    assert claims == {
        "iss": "speech-engine-token-endpoint",
        "aud": "seng_1",
        "sub": "ada",
        "iat": 1_800_000_000,
        "exp": 1_800_000_300,
    }
    label = b"speech-engine user ticket v1"
    key = hmac.new(SECRET.encode(), label, hashlib.sha256).digest()
    assert decode(signature) == hmac.new(key, signed.encode(), hashlib.sha256).digest()
