"""Who may come in: every HTTP request to the server's port is judged here. No I/O.

The order is that of the official SDK's server: path, then authorisation, then the upgrade itself;
the health routes and the room left come first.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field

from .http1 import METHOD_NOT_ALLOWED, NOT_FOUND, OK, SERVICE_UNAVAILABLE, UNAUTHORIZED
from .limits import Limits
from .tokens import (
    AUTHORIZATION_HEADER,
    SecretHeader,
    Secrets,
    TokenVerifier,
    find_header,
    read_secrets,
)

RETRY_AFTER_SECONDS = 5

_DROPPED_HEADERS = frozenset(
    {
        # Secrets: agents must not see them, nor may they reach a log.
        AUTHORIZATION_HEADER,
        "authorization",
        "cookie",
        "proxy-authorization",
        "xi-api-key",
        # Of the handshake alone.
        "connection",
        "upgrade",
        "sec-websocket-extensions",
        "sec-websocket-key",
        "sec-websocket-protocol",
        "sec-websocket-version",
    }
)


@dataclass(frozen=True, slots=True)
class Answer:
    """A plain HTTP answer in the place of a conversation; ``reason`` is for the log only."""

    status: int
    body: str
    reason: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Gate:
    """One server's rules. ``verifier`` is None when authentication is disabled."""

    path: str | None
    verifier: TokenVerifier | None
    secret_header: SecretHeader | None
    max_conversations: int
    is_ready: bool = False

    def judge_probe(self, method: str, path: str) -> Answer | None:
        """The answer to a health check; None if ``path`` is not one."""
        match path.partition("?")[0]:
            case "/healthz" | "/readyz" if method not in {"GET", "HEAD"}:
                return Answer(METHOD_NOT_ALLOWED, "GET or HEAD\n", "method not allowed")
            case "/healthz":
                return Answer(OK, "ok\n")
            case "/readyz" if self.is_ready:
                return Answer(OK, "ready\n")
            case "/readyz":
                return Answer(SERVICE_UNAVAILABLE, "not ready\n")
        return None

    def judge_upgrade(
        self, path: str, headers: Mapping[str, str], conversations: int
    ) -> Answer | None:
        """Why a request may not become a conversation; None if it may."""
        if self.path is not None and path.partition("?")[0] != self.path:
            return Answer(NOT_FOUND, "not found\n", "unknown path")
        return self.judge_caller(headers) or self._judge_room(conversations)

    def judge_caller(self, headers: Mapping[str, str]) -> Answer | None:
        """Check the platform's token and the environment's own secret header."""
        if self.secret_header is not None and not self.secret_header.matches(headers):
            return Answer(UNAUTHORIZED, "authorization failed\n", "secret header")
        if self.verifier is None:
            return None
        token = find_header(headers, AUTHORIZATION_HEADER)
        if not token:
            text = "missing authorization header\n"
            return Answer(UNAUTHORIZED, text, "missing authorization header")
        try:
            self.verifier.verify(token)
        except ValueError as error:
            return Answer(UNAUTHORIZED, "authorization failed\n", str(error))
        return None

    def _judge_room(self, conversations: int) -> Answer | None:
        if self.is_ready and conversations < self.max_conversations:
            return None
        reason = "too many conversations" if self.is_ready else "draining"
        headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
        return Answer(SERVICE_UNAVAILABLE, f"{reason}\n", reason, headers)

    def public_headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Of headers with names in lower case, those that an agent may see."""
        secret = self.secret_header.name.lower() if self.secret_header else None
        return {
            name: value
            for name, value in headers.items()
            if name not in _DROPPED_HEADERS and name != secret
        }


def make_gate(
    *,
    api_key: Secrets = None,
    path: str | None = None,
    disable_auth: bool = False,
    required_header: tuple[str, Secrets] | None = None,
    limits: Limits | None = None,
) -> Gate:
    """The gate of a server, closed until ``is_ready`` is set.

    The key defaults to the environment's ELEVENLABS_API_KEY. Raises RuntimeError without one,
    unless authentication is disabled, which warns.
    """
    keys = api_key or os.environ.get("ELEVENLABS_API_KEY")
    if disable_auth:
        warnings.warn(
            "authentication is disabled: whoever reaches this server can hold conversations",
            UserWarning,
            stacklevel=3,
        )
    elif not callable(keys) and not read_secrets(keys):
        raise RuntimeError(
            "no API key: pass api_key= or set ELEVENLABS_API_KEY to the key that the engine was "
            "created with"
        )
    return Gate(
        path=path,
        verifier=None if disable_auth else TokenVerifier(keys),
        secret_header=SecretHeader(*required_header) if required_header else None,
        max_conversations=(limits or Limits()).max_conversations,
    )
