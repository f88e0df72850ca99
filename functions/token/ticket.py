"""The user ticket: a short-lived signed statement of who asked for a token.

The browser passes it back to the server as the conversation's dynamic variable `user_ticket`, which
the engine puts into the header `X-Speech-Engine-User` of the upgrade request. It is a JWT
(RFC 7519) in compact form:

- header `{"alg": "HS256", "typ": "JWT"}`; any other `alg` must be refused;
- claims `iss` = "speech-engine-token-endpoint"; `aud` = the engine's id as the endpoint knows it,
  the same that the engine sends in `X-Speech-Engine-Id`; `sub` = the user's `sub` in the JWT that
  the HTTP API's authorizer has checked; `iat` and `exp` in whole epoch seconds;
- signature: HMAC-SHA256 over `<header>.<claims>` as sent, in unpadded base64url. Its key is the 32
  bytes `hmac.digest(secret.encode(), b"speech-engine user ticket v1", "sha256")`.

The secret is the `current` value of the header secret; while that rotates, a verifier tries the
`previous` one too. A ticket can be used any number of times until `exp`: it says who starts a
conversation, and is no session.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass

ISSUER = "speech-engine-token-endpoint"
KEY_LABEL = b"speech-engine user ticket v1"


@dataclass(frozen=True, slots=True)
class TicketPrinter:
    """Prints tickets for the users of one engine."""

    engine_id: str
    lifetime_seconds: int

    def print(self, subject: str, secret: str, now_epoch_seconds: float) -> str:
        """Return a ticket for the user with that `sub` claim."""
        import jwt  # only where tickets are wanted: the import is heavy where cryptography is near

        issued_at = int(now_epoch_seconds)
        claims = {
            "iss": ISSUER,
            "aud": self.engine_id,
            "sub": subject,
            "iat": issued_at,
            "exp": issued_at + self.lifetime_seconds,
        }
        return jwt.encode(claims, derive_key(secret), algorithm="HS256")


def derive_key(secret: str) -> bytes:
    """Return the signing key, which differs from every other use of the header secret."""
    return hmac.digest(secret.encode(), KEY_LABEL, "sha256")
