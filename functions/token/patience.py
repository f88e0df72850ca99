"""How long an answer is waited for and how often it is asked for again. Knows no service."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from functions.token.exchange import Answer, TimedOut, Unreachable, exchange

if TYPE_CHECKING:
    from functions.token.exchange import Request

# The system's: functions restored from one snapshot share the state of any other generator.
_LUCK = secrets.SystemRandom()


@dataclass(frozen=True, slots=True)
class Patience:
    """The limits of one call of the endpoint. An HTTP API gives up after 30 s.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
    """

    attempts: int = 3
    attempt_seconds: float = 4.0
    total_seconds: float = 12.0
    first_pause_seconds: float = 0.2

    def pause_seconds(self, attempt: int) -> float:
        """Return the pause after the attempt of that number: doubled each time, half of it luck."""
        longest = self.first_pause_seconds * 2.0 ** (attempt - 1)
        return longest * _LUCK.uniform(0.5, 1)


@dataclass(frozen=True, slots=True)
class Deadline:
    """The end of one call's time, shared by everything that it waits for."""

    patience: Patience
    ends_at: float = field(default=0.0)

    @classmethod
    def start(cls, patience: Patience) -> Deadline:
        """Start the clock."""
        return cls(patience, time.monotonic() + patience.total_seconds)

    def remaining_seconds(self) -> float:
        """Return what is left; 0 or less when it is over."""
        return self.ends_at - time.monotonic()

    def send(self, request: Request) -> Answer:
        """Send, and send again after a passing failure while attempts and time last.

        Returns the last answer, whatever its status. Raises TimedOut or Unreachable.
        """
        attempt = 1
        while True:
            outcome = self._try(request)
            pause = _pause_seconds(self.patience, attempt, outcome)
            is_last = attempt == self.patience.attempts or pause >= self.remaining_seconds()
            if is_last or not _is_passing(outcome):
                break
            time.sleep(pause)
            attempt += 1
        if isinstance(outcome, Unreachable):
            raise outcome
        return outcome

    def _try(self, request: Request) -> Answer | Unreachable:
        seconds = min(self.patience.attempt_seconds, self.remaining_seconds())
        if seconds <= 0:
            return TimedOut("no time left")
        try:
            return exchange(request, seconds)
        except Unreachable as failure:
            return failure


def _is_passing(outcome: Answer | Unreachable) -> bool:
    return isinstance(outcome, Unreachable) or outcome.status == 429 or outcome.status >= 500


def _pause_seconds(patience: Patience, attempt: int, outcome: Answer | Unreachable) -> float:
    wanted = None if isinstance(outcome, Unreachable) else read_retry_after(outcome)
    return max(patience.pause_seconds(attempt), wanted or 0.0)


def read_retry_after(answer: Answer) -> float | None:
    """Return the seconds that an answer asks to wait; None if it doesn't, or not readably.

    https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
    """
    text = answer.headers.get("retry-after", "")
    if text.isdecimal():
        return float(text[:9])
    try:
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return None
