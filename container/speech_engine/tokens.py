"""Who may open a conversation: the token that ElevenLabs signs, and an extra secret header.

Owns the checks of the upgrade request's headers. Must not know the server or its settings: keys,
secrets and the clock are handed in. Nothing here logs or puts a key, a secret or a token into an
error.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import json
import math
import re
import time
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeGuard

AUTHORIZATION_HEADER = "x-elevenlabs-speech-engine-authorization"

ISSUER = "https://api.elevenlabs.io/convai/speech-engine"
SUBJECT = "convai_speech_engine_upstream"
LEEWAY_SECONDS = 60

Clock = Callable[[], float]
Secrets = str | Sequence[str] | None | Callable[[], str | Sequence[str] | None]

_RESIDENCY_SUFFIX = re.compile(r"_residency_[a-z0-9]+\Z")


def verify_speech_engine_jwt(value: str, api_key: str, *, now: Clock = time.time) -> dict[str, Any]:
    """Return the claims of the token in `value`, once everything about it is in order.

    `value` is the header's content: a compact JWT, optionally after "Bearer ". `now` gives
    seconds since the epoch; `exp` and `iat` are honoured with 60 s of leeway.

    Raises:
        ValueError: the token is refused; the text says why.

    See https://elevenlabs.io/docs/eleven-agents/guides/speech-engine and RFC 7519.
    """
    return TokenVerifier(api_key, now=now).verify(value)


class TokenVerifier:
    """Checks tokens against one or several API keys, any of which may have signed.

    `keys` is a key, a sequence of keys, or a callable that returns either and is asked for each
    token, so that keys can be rotated while the server runs.
    """

    def __init__(self, keys: Secrets, *, now: Clock = time.time) -> None:
        self._keys = keys
        self._now = now
        self._known_keys: tuple[str, ...] = ()
        self._digests: tuple[bytes, ...] = ()

    def verify(self, value: str) -> dict[str, Any]:
        """Return the claims of the token in `value`.

        Raises:
            ValueError: no key accepts the token; the text says why.
        """
        signing_input, signature, claims = open_token(value)
        digests = self._current_digests()
        if not digests:
            raise ValueError("Invalid JWT: there is no API key to check it with")
        if not any(is_signature(signature, signing_input, digest) for digest in digests):
            raise ValueError(
                "Invalid JWT: signature mismatch; is the server's API key that of the"
                " workspace the engine was created in?"
            )
        _check_claims(claims, int(self._now()))
        return claims

    def _current_digests(self) -> tuple[bytes, ...]:
        keys = read_secrets(self._keys)
        if keys != self._known_keys:
            self._digests = tuple(digest for key in keys if (digest := _derive_digest(key)))
            self._known_keys = keys
        return self._digests


class SecretHeader:
    """A header that a request must carry with one of the given values.

    `values` is a value, a sequence of values, or a callable that returns either and is asked for
    each request.

    Raises:
        ValueError: the values are given outright and none is left without the blank ones.
    """

    def __init__(self, name: str, values: Secrets) -> None:
        if not callable(values) and not read_secrets(values):
            raise ValueError(f"required header {name!r} needs a value that is not blank")
        self.name = name
        self._values = values

    def matches(self, headers: object) -> bool:
        """Whether `headers` carry the header with a right value, compared in constant time."""
        found = find_header(headers, self.name)
        if found is None:
            return False
        given = found.strip().encode("utf-8", "surrogatepass")
        return any(
            hmac.compare_digest(given, value.encode("utf-8", "surrogatepass"))
            for value in read_secrets(self._values)
        )


def find_header(headers: Any, name: str) -> str | None:
    """Return the value of the header `name`, in whatever case it is spelt, or None.

    `headers` is a mapping or has a `get` of its own, like the header classes of the frameworks.
    Of a header sent several times, or given as a list, the first value counts.
    """
    # websockets' `get` raises on a repeated header, its `get_all` does not.
    look_up = getattr(headers, "get_all", None) or headers.get
    value = look_up(name)
    if not value and isinstance(headers, Mapping):
        spelt = next((key for key in headers if str(key).lower() == name.lower()), None)
        value = headers[spelt] if spelt is not None else None
    if isinstance(value, (list, tuple)):
        value = value[0] if value else None
    return value if isinstance(value, str) and value else None


def is_signature(signature: bytes, signing_input: bytes, digest: bytes) -> bool:
    """Whether ``signature`` is HMAC-SHA256 of the input, compared in constant time."""
    return hmac.compare_digest(hmac.digest(digest, signing_input, "sha256"), signature)


def open_token(value: str) -> tuple[bytes, bytes, dict[str, Any]]:
    """Return what was signed, the signature and the claims, none of which is proven yet.

    Raises ValueError for anything but a compact JWT with HS256; the text says why.
    """
    token = value.strip()
    if token[:7].lower() == "bearer ":
        token = token[7:].strip()
    parts = token.split(".")
    if len(parts) != 3:
        raise ValueError(f"Invalid JWT: expected 3 parts, got {len(parts)}")
    claims = _decode_object(parts[1], "payload")
    if not _is_hs256_header(parts[0]):
        raise ValueError("Invalid JWT: alg must be HS256, without critical extensions")
    try:
        signature = _decode_base64url(parts[2])
    except ValueError:
        raise ValueError("Invalid JWT: signature mismatch; it is not base64url") from None
    return f"{parts[0]}.{parts[1]}".encode("ascii"), signature, claims


@lru_cache(maxsize=16)
def _is_hs256_header(segment: str) -> bool:
    """Whether a token's header is one that is accepted; the platform's is always the same."""
    header = _decode_object(segment, "header")
    # RFC 7515, 4.1.11: a critical extension that is not understood makes the token invalid.
    return header.get("alg") == "HS256" and "crit" not in header


def _decode_object(segment: str, name: str) -> dict[str, Any]:
    try:
        decoded = json.loads(_decode_base64url(segment).decode())
    except (ValueError, RecursionError):
        raise ValueError(f"Invalid JWT: failed to decode {name}") from None
    if not isinstance(decoded, dict):
        raise ValueError(f"Invalid JWT: failed to decode {name}; it is not a JSON object")
    return decoded


def _decode_base64url(segment: str) -> bytes:
    standard = segment.replace("-", "+").replace("_", "/")
    return binascii.a2b_base64(standard + "=" * (-len(standard) % 4), strict_mode=True)


def _check_claims(claims: dict[str, Any], now_seconds: int) -> None:
    if claims.get("iss") != ISSUER:
        raise ValueError(f"Invalid JWT: expected issuer {ISSUER}")
    if claims.get("sub") != SUBJECT:
        raise ValueError(f"Invalid JWT: expected subject {SUBJECT}")
    expires, issued = claims.get("exp"), claims.get("iat")
    if not _is_finite_number(expires):
        raise ValueError("Invalid JWT: missing exp; it must be a finite number")
    if not _is_finite_number(issued):
        raise ValueError("Invalid JWT: missing iat; it must be a finite number")
    if expires + LEEWAY_SECONDS < now_seconds:
        raise ValueError("Invalid JWT: expired; is this machine's clock right?")
    if issued - LEEWAY_SECONDS > now_seconds:
        raise ValueError("Invalid JWT: iat is in the future; is this machine's clock right?")


def _is_finite_number(value: object) -> TypeGuard[int | float]:
    return type(value) is int or (type(value) is float and math.isfinite(value))


def _derive_digest(api_key: str) -> bytes | None:
    """Return the HMAC secret: the SHA-256 of the key without the suffix of its data residency.

    A key of which nothing is left yields None, since everybody knows the digest of nothing.
    """
    base = _RESIDENCY_SUFFIX.sub("", api_key)
    return hashlib.sha256(base.encode("utf-8", "surrogatepass")).digest() if base else None


def read_secrets(source: Secrets) -> tuple[str, ...]:
    """Return what `source` gives now: each value trimmed, blank ones left out."""
    given = source() if callable(source) else source
    if given is None:
        return ()
    values = (given,) if isinstance(given, str) else given
    return tuple(trimmed for value in values if (trimmed := value.strip()))
