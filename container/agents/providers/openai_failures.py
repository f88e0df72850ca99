"""What failures of OpenAI's SDK, and of answers in its protocols, mean in the contract's errors.

It never repeats what a server wrote: codes and parameters are compared with known ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from agents.prompt import ModelError, ModelRefused
from agents.providers.failures import (
    explain_exception,
    explain_status,
    parse_retry_after,
    report_break,
    report_no_answer,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from openai import APIStatusError

_UNPAID = {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"}
"""Told as 429 or 400, but no patience helps before somebody pays: refused like a wrong key.

https://platform.openai.com/docs/guides/error-codes
"""

_SETTINGS = {
    "temperature": "SPEECH_ENGINE_TEMPERATURE",
    "max_tokens": "SPEECH_ENGINE_MAX_TOKENS",
    "max_completion_tokens": "SPEECH_ENGINE_MAX_TOKENS",
    "max_output_tokens": "SPEECH_ENGINE_MAX_TOKENS",
    "reasoning_effort": "SPEECH_ENGINE_REASONING_EFFORT",
    "reasoning.effort": "SPEECH_ENGINE_REASONING_EFFORT",
}

_LIMITS = {"length", "max_output_tokens"}
_FILTER = "content_filter"


@dataclass(frozen=True, slots=True)
class Failures:
    """Explains what goes wrong with one model, and names the variables that can mend it."""

    name: str
    key_variable: str
    url_variable: str

    def explain(self, error: Exception) -> ModelError:
        """Return the error for whatever the SDK raised."""
        from openai import APIError, APIStatusError

        if isinstance(error, APIStatusError):
            return self._explain_status(error)
        if type(error) is APIError:
            return report_break(self.name)
        # The SDK says only that the connection failed; its cause is the HTTP client's own error.
        cause = error.__cause__
        reason = cause if isinstance(cause, Exception) else error
        return explain_exception(self.name, reason, self.url_variable)

    def _explain_status(self, error: APIStatusError) -> ModelError:
        status = error.status_code
        if error.code in _UNPAID:
            status = 402
        elif error.code == "model_not_found":
            status = 404
        elif status == 400 and error.param in _SETTINGS:
            return ModelRefused(
                f"{self.name}: the model does not take this {_SETTINGS[error.param]}; change it,"
                " or leave it out"
            )
        seconds = _read_retry_after(error.response.headers)
        return explain_status(self.name, status, self.key_variable, seconds)

    def report_missing_key(self) -> ModelRefused:
        """Return the error for the official API without a key."""
        return ModelRefused(f"{self.name} needs a key; set {self.key_variable}")

    def report_unknown_model(self) -> ModelError:
        """Return the error for a model that the server does not have."""
        return explain_status(self.name, 404, self.key_variable)

    def report_uncheckable(self) -> ModelError:
        """Return the error for a server that tells of no models; it may answer all the same."""
        return ModelError(
            f"{self.name} can't be checked: the server tells of no models; if turns fail too,"
            f" correct {self.url_variable}"
        )


def require_answer(name: str, reason: object, *, has_answer: bool) -> None:
    """Raise ModelError for an answer that is silence, or that a filter stopped.

    `reason` is why it ended, in the words of either protocol.
    """
    if reason in _LIMITS and not has_answer:
        raise ModelError(
            f"{name}: the answer reached its limit in thoughts or within a function call; raise"
            " SPEECH_ENGINE_MAX_TOKENS"
        )
    if reason == _FILTER or not has_answer:
        raise report_no_answer(name, _FILTER if reason == _FILTER else None)


def _read_retry_after(headers: Mapping[str, str]) -> float | None:
    milliseconds = parse_retry_after(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    return parse_retry_after(headers.get("retry-after"))
