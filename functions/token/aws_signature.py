"""AWS Signature Version 4 of one POST to a service's root. Knows no service and dials nothing.

Why not botocore's: importing it would add half to the cold start's cost (see bench/README.md). The
tests hold the two to the same signatures.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class Credentials:
    """Temporary or lasting keys of an identity."""

    access_key_id: str
    secret_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a signature is good."""

    region: str
    service: str


def sign_post(
    headers: Mapping[str, str],
    body: bytes,
    *,
    credentials: Credentials,
    scope: Scope,
    now: datetime,
) -> dict[str, str]:
    """Return the headers of a POST to `/`, signed; they must contain `host`, in lower case all."""
    moment = now.strftime("%Y%m%dT%H%M%SZ")
    signed = {**headers, "x-amz-date": moment}
    if credentials.session_token:
        signed["x-amz-security-token"] = credentials.session_token
    names = ";".join(sorted(signed))
    lines = "".join(f"{name}:{signed[name].strip()}\n" for name in sorted(signed))
    canonical = f"POST\n/\n\n{lines}\n{names}\n{hashlib.sha256(body).hexdigest()}"
    area = f"{moment[:8]}/{scope.region}/{scope.service}/aws4_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    key = _derive_key(credentials.secret_key, area)
    signature = hmac.digest(key, f"{_ALGORITHM}\n{moment}\n{area}\n{digest}".encode(), "sha256")
    signed["authorization"] = (
        f"{_ALGORITHM} Credential={credentials.access_key_id}/{area}, "
        f"SignedHeaders={names}, Signature={signature.hex()}"
    )
    return signed


def _derive_key(secret_key: str, area: str) -> bytes:
    key = f"AWS4{secret_key}".encode()
    for part in area.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
