"""Every failure's answer, in one place: a status, a sentence for people, and one for the log.

The shape is RFC 9457's, as the token endpoint's is. Nothing of a transcript ever enters one.
https://www.rfc-editor.org/rfc/rfc9457
"""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from functions.transcripts.failures import (
    ConversationTooLong,
    InvalidRequest,
    TableBusy,
    TableDenied,
    TableUnavailable,
    TableWrong,
    UnknownConversation,
)
from functions.transcripts.settings import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

_LATER = "Transcripts can't be read right now; try again in a moment."
_MISCONFIGURED = "Reading transcripts is not set up correctly."
_RETRY_AFTER = {"Retry-After": "2"}


@dataclass(frozen=True, slots=True)
class Problem:
    """An answer other than success. `remedy` tells the operator what to do; empty if nothing."""

    status: int
    code: str
    detail: str
    remedy: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """Return the body; `code` is this API's own name for the problem."""
        return {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
        }


_PROBLEMS: tuple[tuple[type[Exception], Problem], ...] = (
    (
        UnknownConversation,
        Problem(404, "unknown_conversation", "There is no such conversation, or it has expired."),
    ),
    (
        ConversationTooLong,
        Problem(
            422,
            "conversation_too_long",
            "The conversation is too long for one answer; the command line reads it.",
        ),
    ),
    (TableBusy, Problem(503, "table_busy", _LATER, headers=_RETRY_AFTER)),
    (TableUnavailable, Problem(503, "table_unavailable", _LATER, headers=_RETRY_AFTER)),
    (
        TableDenied,
        Problem(500, "not_allowed", _MISCONFIGURED, "let the function query table and index"),
    ),
    (TableWrong, Problem(500, "wrong_table", _MISCONFIGURED, "see whether the table is there")),
    (
        SettingsError,
        Problem(500, "not_configured", _MISCONFIGURED, "set the function's variables right"),
    ),
)


def describe(error: Exception) -> Problem:
    """Return the problem that any exception of a request is to its caller."""
    if isinstance(error, InvalidRequest):
        sentence = str(error)
        return Problem(400, "invalid_request", f"{sentence[:1].upper()}{sentence[1:]}.")
    for kind, problem in _PROBLEMS:
        if isinstance(error, kind):
            return problem
    return Problem(500, "internal_error", "Reading transcripts failed.", "look at the traceback")
