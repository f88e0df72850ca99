"""What a provider's failure means, in the contract's errors: one line, the model and the remedy.

No message carries what the provider wrote: it may quote the conversation.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from agents.prompt import ModelError, ModelRefused

_PASSING = {408, 409, 425, 429}
"""Client errors that may pass by themselves."""


def explain_status(
    name: str, status: int, key_variable: str, retry_after_seconds: float | None = None
) -> ModelError:
    """Return the error for an HTTP status that is not a success. `name` is the model's."""
    if remedy := _find_remedy(status, key_variable):
        return ModelRefused(f"{name}: {remedy}")
    reason = f"the provider fails at the moment (HTTP {status}); its status page may say why"
    if status == 429:
        reason = "too many requests for the account; have its limits raised"
    return ModelError(f"{name}: {reason}", retry_after_seconds=retry_after_seconds)


def _find_remedy(status: int, key_variable: str) -> str | None:
    """What is wrong for good, and what to do about it; None for what may pass."""
    if 300 <= status < 400:
        url_variable = key_variable.replace("API_KEY", "BASE_URL")
        return (
            f"the server sends requests elsewhere (HTTP {status}); set {url_variable} to the"
            " address that answers"
        )
    if status in {401, 403}:
        return (
            f"the key is not accepted (HTTP {status}); set {key_variable} to one that may use this"
            " model"
        )
    if status == 402:
        return "the account has no credit; top it up at the provider"
    if status == 404:
        return "the provider has no such model for this key; correct its name"
    if 400 <= status < 500 and status not in _PASSING:
        return (
            f"the request is not accepted (HTTP {status}); the model may not take the temperature,"
            " the maximum of tokens, the reasoning effort or the tools that are set"
        )
    return None


def explain_exception(name: str, error: Exception, place_variable: str) -> ModelError:
    """Return the error for whatever an SDK or the network raised that has no HTTP status.

    `place_variable` is what says where the provider is asked.
    """
    kind = type(error).__name__
    return ModelError(
        f"{name}: no complete answer came ({kind}); if it persists, see that the server reaches"
        f" the provider, and that {place_variable} is right if it is set"
    )


def report_break(name: str) -> ModelError:
    """Return the error for a stream in which the provider tells of a failure of its own."""
    return ModelError(
        f"{name}: the provider broke the answer off by an error of its own; its status page may say"
        " why"
    )


def report_cut(name: str) -> ModelError:
    """Return the error for a stream that ended well, but before the answer did."""
    return ModelError(
        f"{name}: no complete answer came: the connection ended before it did; the provider, or a"
        " proxy on the way, may have cut it"
    )


def report_no_answer(name: str, reason: str | None = None) -> ModelError:
    """Return the error for an answer that is empty, or that the provider stopped.

    `reason` is one of the provider's constants, or None if it gave none.
    """
    detail = f" ({reason})" if reason else ""
    return ModelError(
        f"{name} gave no answer, or not all of it{detail}; if it persists, change the instructions"
        " or the model"
    )


def report_limit(name: str) -> ModelError:
    """Return the error for an answer whose limit was reached before there was anything whole."""
    return ModelError(
        f"{name}: the answer reached its limit in thoughts or within a function call; raise"
        " SPEECH_ENGINE_MAX_TOKENS"
    )


def parse_retry_after(value: str | None) -> float | None:
    """Return the seconds of a Retry-After header, a number or an HTTP date; None if it is neither.

    https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
    """
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        seconds = _seconds_until(value)
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _seconds_until(date: str) -> float:
    try:
        moment = parsedate_to_datetime(date)
    except (ValueError, OverflowError):
        return math.nan
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - datetime.now(UTC)).total_seconds()
