"""What ElevenLabs says when it refuses, on one line. Does no I/O.

Source: https://elevenlabs.io/docs/developers/resources/errors
"""

from __future__ import annotations

import json
from typing import Any

_SHOWN_PROBLEMS = 5
_SHOWN_CHARACTERS = 300


class Refused(Exception):
    """A definite no: nothing was done. The message says what was wrong."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class KeyRefused(Refused):
    """The API key is not valid or may not do this."""


class NotFound(Refused):
    """The engine does not exist."""


class Unavailable(Exception):
    """No usable answer within the limits."""


class Unsettled(Unavailable):
    """A create that may or may not have happened."""


def make_refusal(status: int, body: bytes) -> Refused:
    """The exception for an answer of 3xx or 4xx."""
    text = describe_body(body)
    if status in {401, 403}:
        return KeyRefused(status, f"ElevenLabs refused the API key ({status}: {text})")
    if status == 404:
        return NotFound(status, f"ElevenLabs does not know it ({status}: {text})")
    if status == 422:
        return Refused(status, f"ElevenLabs refused {text}")
    if 300 <= status < 400:
        return Refused(status, f"ElevenLabs redirects ({status}); check elevenlabs.host")
    return Refused(status, f"ElevenLabs refused the request ({status}: {text})")


def describe_body(body: bytes) -> str:
    """The platform's own words in any of its shapes: list of problems, object, plain text."""
    try:
        content = json.loads(body)
    except ValueError:
        return "an answer that is not JSON"
    detail = content.get("detail", content) if isinstance(content, dict) else content
    if isinstance(detail, list):
        return "; ".join(_describe_problem(problem) for problem in detail[:_SHOWN_PROBLEMS])
    if isinstance(detail, dict):
        return _describe_object(detail)
    return _shorten(detail)


def _describe_problem(problem: Any) -> str:
    if not isinstance(problem, dict):
        return _shorten(problem)
    where = problem.get("loc")
    path = [str(part) for part in where] if isinstance(where, list) else []
    if path[:1] == ["body"]:
        path = path[1:]
    return f"{'.'.join(path) or 'the request'}: {_shorten(problem.get('msg', 'not valid'))}"


def _describe_object(detail: dict[str, Any]) -> str:
    code = detail.get("code") or detail.get("status")
    message = detail.get("message")
    if not (code or message):
        return "no reason given"
    named = f"{detail['param']}: " if detail.get("param") else ""
    return named + " ".join(_shorten(part) for part in (code, message) if part)


def _shorten(value: Any) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "…"
