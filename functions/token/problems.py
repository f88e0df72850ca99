"""Every failure's answer, in one place: a status, a sentence for people, and one for the log.

The shape is RFC 9457's; browser clients of ElevenLabs show a `detail` that is a string. Neither a
key nor what ElevenLabs or AWS wrote ever enters an answer.
https://www.rfc-editor.org/rfc/rfc9457
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from functions.token.exchange import TimedOut, Unreachable
from functions.token.platform import Refused, Unreadable
from functions.token.secrets_manager import SecretEmpty, SecretUnavailable
from functions.token.settings import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

_LATER = "The voice service does not answer right now; try again in a moment."
_NOT_SET_UP = "The voice service is not set up yet."
_MISCONFIGURED = "The voice service is not set up correctly."
_PARTICIPANT_NAME_RULE = "A participant_name has 1 to 100 characters and no control characters."
_DEFAULT_WAIT_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Problem:
    """An answer other than success. `remedy` tells the operator what to do; empty if nothing."""

    status: int
    code: str
    detail: str
    remedy: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """Return the body; `code` is this endpoint's own name for the problem."""
        title = HTTPStatus(self.status).phrase
        return {
            "type": "about:blank",
            "title": title,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
        }


def describe(error: Exception) -> Problem:
    """Return the problem that any exception of a request is to its caller."""
    if isinstance(error, HTTPException):
        return _describe_http(error)
    if isinstance(error, RequestValidationError):
        return _describe_validation(error)
    if isinstance(error, Refused):
        return _describe_refusal(error)
    for kind, problem in _PROBLEMS:
        if isinstance(error, kind):
            return problem
    return Problem(500, "internal_error", "The token endpoint failed.", "look at the traceback")


_PROBLEMS: tuple[tuple[type[Exception], Problem], ...] = (
    (
        SettingsError,
        Problem(500, "not_configured", _MISCONFIGURED, "set the function's variables right"),
    ),
    (
        SecretEmpty,
        Problem(
            503,
            "key_missing",
            _NOT_SET_UP,
            "put the ElevenLabs API key into the secret: "
            "aws secretsmanager put-secret-value --secret-id <its ARN> --secret-string <the key>",
        ),
    ),
    (
        SecretUnavailable,
        Problem(
            503,
            "key_unavailable",
            _MISCONFIGURED,
            "look at the secret's value and at the function's permission to read it",
        ),
    ),
    (
        Unreadable,
        Problem(502, "upstream_unreadable", _LATER, "see whether ElevenLabs' API changed"),
    ),
    (TimedOut, Problem(504, "upstream_timeout", _LATER)),
    (TimeoutError, Problem(504, "upstream_timeout", _LATER)),
    (Unreachable, Problem(502, "upstream_unreachable", _LATER)),
)


def _describe_http(error: HTTPException) -> Problem:
    detail = {404: "There is nothing at this address.", 405: "This address answers GET only."}
    text = detail.get(error.status_code, HTTPStatus(error.status_code).phrase + ".")
    code = HTTPStatus(error.status_code).name.lower()
    return Problem(error.status_code, code, text, headers=error.headers or {})


def _describe_validation(error: RequestValidationError) -> Problem:
    names = ", ".join(sorted({str(problem["loc"][-1]) for problem in error.errors()}))
    return Problem(422, "invalid_request", f"Not acceptable: {names}. {_PARTICIPANT_NAME_RULE}")


def _describe_refusal(error: Refused) -> Problem:
    if error.status == 429:
        return _describe_limit(error)
    if error.status in {401, 403}:
        remedy = "ElevenLabs refuses the key: put a valid one, allowed to converse, into the secret"
        return Problem(502, "key_refused", _MISCONFIGURED, remedy)
    if error.status == 402:
        remedy = "see the ElevenLabs workspace's plan and credits"
        return Problem(503, "payment_required", "The voice service is not available.", remedy)
    if error.status == 404:
        remedy = "ElevenLabs has no such engine for this key: deploy it again, or mend the key"
        return Problem(502, "engine_unknown", _MISCONFIGURED, remedy)
    if error.status < 500:
        return Problem(502, "upstream_refused", _MISCONFIGURED, "see the code that was given")
    return Problem(503 if error.status == 503 else 502, "upstream_failed", _LATER)


def _describe_limit(error: Refused) -> Problem:
    wait = _DEFAULT_WAIT_SECONDS if error.retry_after_seconds is None else error.retry_after_seconds
    detail = "Too many conversations are being started; try again in a moment."
    return Problem(429, "rate_limited", detail, headers={"Retry-After": str(math.ceil(wait))})
