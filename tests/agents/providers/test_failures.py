from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from agents.prompt import ModelRefused
from agents.providers.failures import (
    explain_exception,
    explain_status,
    parse_retry_after,
    report_no_answer,
)

PASSING = [408, 409, 425, 429, 500, 503, 529]
LASTING = [302, 400, 401, 402, 403, 404, 413, 422]


@pytest.mark.parametrize("status", PASSING + LASTING)
def test_failure_is_refused_if_it_lasts(status: int) -> None:
    """What no patience helps against is a refusal; the rest may pass."""
    error = explain_status("provider/model", status, "SOME_KEY")
    assert isinstance(error, ModelRefused) is (status in LASTING)


@pytest.mark.parametrize("status", PASSING + LASTING)
def test_failure_is_one_line_that_names_the_model(status: int) -> None:
    """Whoever reads the log knows which model it was, in one line."""
    message = str(explain_status("provider/model", status, "SOME_KEY"))
    assert message.startswith("provider/model: ")
    assert "\n" not in message


@pytest.mark.parametrize("status", [401, 403])
def test_failure_of_a_key_names_its_variable(status: int) -> None:
    """A key that is not accepted is set by the variable that the message names."""
    assert "SOME_KEY" in str(explain_status("provider/model", status, "SOME_KEY"))


def test_failure_of_an_address_names_its_variable() -> None:
    """A server that sends requests elsewhere is told by what sets its address."""
    assert "SOME_BASE_URL" in str(explain_status("provider/model", 307, "SOME_API_KEY"))


@pytest.mark.parametrize("status", [429, 503])
def test_failure_keeps_the_time_that_the_provider_asks_for(status: int) -> None:
    """Limits and outages are told with the wait that came with them."""
    assert explain_status("provider/model", status, "SOME_KEY", 7.5).retry_after_seconds == 7.5


def test_failure_of_a_library_quotes_nothing_of_it() -> None:
    """The kind of an exception is told; its message, which may hold the conversation, is not."""
    message = str(explain_exception("provider/model", ValueError("what the user said"), "URL"))
    assert "ValueError" in message
    assert "user" not in message


def test_no_answer_says_why_where_the_provider_does() -> None:
    """The provider's reason is told if there is one."""
    assert "(SAFETY)" in str(report_no_answer("provider/model", "SAFETY"))
    assert "None" not in str(report_no_answer("provider/model"))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("7", 7.0),
        ("0.25", 0.25),
        ("-3", 0.0),
        (None, None),
        ("", None),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("Wed, 99 Oct 2015 07:28:00 GMT", None),
        ("Wed, 21 Oct 2015 07:28:00 +9999", None),
        ("Wed, 99999999999 Oct 2015 07:28:00 GMT", None),
    ],
)
def test_retry_after_is_read_or_left(value: str | None, expected: float | None) -> None:
    """Seconds are read, the past is now, and what is neither number nor date is no wait."""
    assert parse_retry_after(value) == expected


@pytest.mark.parametrize("is_gmt", [True, False])
def test_retry_after_may_be_a_date(is_gmt: bool) -> None:
    """An HTTP date is as many seconds as are left until then; without a zone it is UTC."""
    date = datetime.now(UTC) + timedelta(seconds=90)
    text = format_datetime(date, usegmt=True) if is_gmt else f"{date:%a, %d %b %Y %H:%M:%S} -0000"
    assert parse_retry_after(text) == pytest.approx(90, abs=5)
