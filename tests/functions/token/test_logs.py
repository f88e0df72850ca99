from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from functions.token.logs import LOGGER, configure_logs


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    before = LOGGER.handlers[:], LOGGER.level, LOGGER.propagate
    yield
    LOGGER.handlers[:], LOGGER.level, LOGGER.propagate = before


def test_event_is_one_json_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Static message and fields in one object; no value can begin a line of its own."""
    configure_logs()
    LOGGER.error("request failed", extra={"fields": {"code": "a\nb\u2028"}})
    (line,) = capsys.readouterr().out.splitlines()
    event = json.loads(line)
    assert (event["level"], event["event"]) == ("error", "request failed")
    assert event["code"] == "a\nb\u2028"


def test_exception_is_logged_without_its_words(capsys: pytest.CaptureFixture[str]) -> None:
    """Type and place are enough to find a bug; the message may quote a key."""
    configure_logs()
    words = "-".join(("sk", "test"))
    try:
        raise ValueError(words)
    except ValueError as error:
        LOGGER.error("request failed", exc_info=error)
    line = capsys.readouterr().out
    event = json.loads(line)
    assert event["error_type"] == "ValueError"
    assert "test_logs.py" in event["traceback"]
    assert words not in line


def test_lambdas_own_handler_stays_out(capsys: pytest.CaptureFixture[str]) -> None:
    """However often it is set up, each event is written once, and by nobody else."""
    configure_logs()
    configure_logs()
    LOGGER.warning("once")
    assert len(capsys.readouterr().out.splitlines()) == 1
    assert LOGGER.propagate is False
