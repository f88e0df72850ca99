from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from functions.token.exchange import Answer, Request, TimedOut, Unreachable
from functions.token.patience import Deadline, Patience, read_retry_after
from tests.fakes.scripted_http import Scripted, serve_http

QUICK = Patience(attempts=3, attempt_seconds=0.2, total_seconds=5.0, first_pause_seconds=0.001)


def count(*script: Scripted, patience: Patience = QUICK) -> tuple[int, int]:
    """Return the last status and how often was asked."""
    with serve_http(*script) as server:
        answer = Deadline.start(patience).send(Request("GET", server.url))
        return answer.status, len(server.received)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_passing_failure_is_tried_again(status: int) -> None:
    """Whoever is busy or broken for a moment is asked again."""
    assert count(Scripted(status), Scripted(200)) == (200, 2)


@pytest.mark.parametrize("status", [200, 204, 302, 400, 401, 403, 404, 422])
def test_final_answer_is_final(status: int) -> None:
    """An answer that would be the same again is not asked for again."""
    assert count(Scripted(status)) == (status, 1)


def test_attempts_have_an_end() -> None:
    """The last answer stands, whatever it is."""
    assert count(Scripted(500)) == (500, 3)


def test_silence_is_tried_again() -> None:
    """A connection that hung does not cost the whole time."""
    assert count(Scripted(hangs=True), Scripted(200)) == (200, 2)


def test_wait_that_is_asked_for_is_kept() -> None:
    """`Retry-After` within the time is waited for, although the own pause is shorter."""
    started_at = time.monotonic()
    script = (Scripted(429, headers={"Retry-After": "1"}), Scripted(200))
    assert count(*script) == (200, 2)
    assert time.monotonic() - started_at >= 1


def test_wait_beyond_the_time_ends_it() -> None:
    """Whoever asks for more than is left gets no second request."""
    assert count(Scripted(429, headers={"Retry-After": "6"})) == (429, 1)


def test_time_bounds_the_attempts() -> None:
    """Together they take no longer than the call has, however many are left."""
    patience = Patience(attempts=99, attempt_seconds=0.2, total_seconds=0.5)
    started_at = time.monotonic()
    with serve_http(Scripted(hangs=True)) as server, pytest.raises(TimedOut):
        Deadline.start(patience).send(Request("GET", server.url))
    assert time.monotonic() - started_at < 2


def test_late_call_is_not_made() -> None:
    """When the time is over, nothing is sent any more."""
    with serve_http(Scripted()) as server:
        with pytest.raises(TimedOut):
            Deadline(QUICK, time.monotonic() - 1).send(Request("GET", server.url))
        assert server.received == []


def test_refused_connection_is_tried_again() -> None:
    """It is reported once all attempts have failed."""
    with serve_http(Scripted()) as server:
        url = server.url
    with pytest.raises(Unreachable, match="ConnectionRefusedError"):
        Deadline.start(QUICK).send(Request("GET", url))


def test_pauses_grow_and_differ() -> None:
    """Each doubles, and half of it is luck, so that callers do not come back together."""
    patience = Patience(first_pause_seconds=1.0)
    for attempt, longest in ((1, 1.0), (2, 2.0), (3, 4.0)):
        pauses = {patience.pause_seconds(attempt) for _ in range(20)}
        assert len(pauses) > 1
        assert longest / 2 <= min(pauses) <= max(pauses) <= longest


def test_default_budget_leaves_api_gateway_room() -> None:
    """Even with the last resort on top it stays far below the 30 s of an HTTP API."""
    patience = Patience()
    assert patience.total_seconds <= 15
    assert patience.attempts * patience.attempt_seconds <= patience.total_seconds


@pytest.mark.parametrize(("text", "seconds"), [("0", 0), ("120", 120), ("", None), ("x", None)])
def test_retry_after_in_seconds(text: str, seconds: float | None) -> None:
    """A number counts, anything unreadable doesn't."""
    assert read_retry_after(Answer(429, {"retry-after": text})) == seconds


@pytest.mark.parametrize(("ahead_seconds", "lowest", "highest"), [(60, 55, 60), (-60, 0, 0)])
def test_retry_after_as_a_date(ahead_seconds: int, lowest: float, highest: float) -> None:
    """RFC 9110 allows a moment too; a past one means at once."""
    moment = datetime.now(UTC) + timedelta(seconds=ahead_seconds)
    wait = read_retry_after(Answer(429, {"retry-after": format_datetime(moment, usegmt=True)}))
    assert wait is not None
    assert lowest <= wait <= highest
