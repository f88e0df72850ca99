from __future__ import annotations

import io
import json
import logging
from typing import TYPE_CHECKING, Any

import pytest

from service.logs import LIBRARIES, JsonFormatter, TextFormatter, configure_logs, silence_libraries
from speech_engine import ConversationMessage

if TYPE_CHECKING:
    from collections.abc import Iterator


def record_of(message: str = "something", **attributes: Any) -> logging.LogRecord:
    return logging.makeLogRecord({"msg": message, "name": "test", **attributes})


def event_of(record: logging.LogRecord, *, quotes_exceptions: bool = False) -> dict[str, Any]:
    line = JsonFormatter(quotes_exceptions=quotes_exceptions).format(record)
    assert "\n" not in line
    assert line.isascii()
    event: dict[str, Any] = json.loads(line)
    return event


def failure(text: str) -> Exception:
    try:
        try:
            raise KeyError(text)
        except KeyError as cause:
            raise ValueError(text) from cause
    except ValueError as error:
        return error


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """A stream in the place of standard output; logging is as before afterwards."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level, logging.raiseExceptions)
    noisy = {name: logging.getLogger(name).level for name in LIBRARIES}
    yield io.StringIO()
    root.handlers[:], root.level, logging.raiseExceptions = before
    logging.captureWarnings(capture=False)
    for name, level in noisy.items():
        logging.getLogger(name).setLevel(level)


def test_json_log_has_time_level_event_and_fields() -> None:
    """A line carries the static message and each field under its name."""
    event = event_of(record_of(created=0.0125, levelname="INFO", conversation_id="conv_1", turns=2))
    assert event == {
        "time": "1970-01-01T00:00:00.012Z",
        "level": "info",
        "event": "something",
        "logger": "test",
        "conversation_id": "conv_1",
        "turns": 2,
    }


def test_json_log_takes_fields_given_together() -> None:
    """The runtime's way of passing fields gives the same line."""
    event = event_of(record_of(fields={"status": 401, "reason": "expired"}))
    assert (event["status"], event["reason"]) == (401, "expired")
    assert "fields" not in event


def test_json_log_keeps_its_head() -> None:
    """No field can pass for the time, the level, the event or the logger."""
    forged = {"event": "forged", "level": "forged", "logger": "forged"}
    event = event_of(record_of(levelname="INFO", fields=forged))
    assert (event["event"], event["level"], event["logger"]) == ("something", "info", "test")


def test_json_log_shows_messages_as_objects() -> None:
    """A transcript is logged with its roles and contents, not as Python's notation."""
    event = event_of(record_of(transcript=[ConversationMessage("user", "hi")]))
    assert event["transcript"] == [{"role": "user", "content": "hi"}]


def test_json_log_survives_values_that_are_no_json() -> None:
    """Anything can be a field."""
    assert event_of(record_of(cause=OSError("gone"), name_of={1}))["cause"] == "gone"


@pytest.mark.parametrize("text", ["a\nb", "a\u2028b", "a\x85b", "\ud800", "a\x1b[2Jb"])
def test_logs_keep_one_line_for_each_event(text: str) -> None:
    """No value can break a line or reach the terminal's controls."""
    assert event_of(record_of(said=text))["said"] == text
    shown = TextFormatter().format(record_of(text, said=text))
    assert len(shown.splitlines()) == 1
    assert "\x1b" not in shown


def test_json_log_tells_an_exception_without_its_message() -> None:
    """By default an exception is its type, its causes and its places: messages may quote people."""
    error = failure("I live at Rose Street")
    event = event_of(record_of(exc_info=(type(error), error, error.__traceback__)))
    assert event["error_type"] == "ValueError"
    assert "KeyError" in event["traceback"]
    assert "test_logs.py" in event["traceback"]
    assert "Rose Street" not in json.dumps(event)


def test_json_log_quotes_exceptions_when_asked() -> None:
    """With transcripts switched on, the message is there as well."""
    error = failure("I live at Rose Street")
    record = record_of(exc_info=(type(error), error, error.__traceback__))
    assert "Rose Street" in event_of(record, quotes_exceptions=True)["traceback"]


def test_json_log_tells_the_status_of_a_provider_error() -> None:
    """An exception with an HTTP status, as LLM clients raise them, tells it."""
    error = failure("")
    error.status_code = 429  # type: ignore[attr-defined]
    assert event_of(record_of(exc_info=(type(error), error, None)))["status_code"] == 429


def test_json_log_bounds_a_traceback() -> None:
    """A traceback of any depth leaves the line at a size that log stores take."""
    record = record_of(exc_info=(ValueError, ValueError("x" * 50_000), None))
    assert len(event_of(record, quotes_exceptions=True)["traceback"]) == 16_000


def test_json_log_follows_a_circle_of_causes_to_an_end() -> None:
    """Exceptions that name one another as causes do not hang the log."""
    first, second = ValueError(), KeyError()
    first.__cause__, second.__cause__ = second, first
    assert event_of(record_of(exc_info=(ValueError, first, None)))["error_type"] == "ValueError"


def test_text_log_shows_fields_by_name() -> None:
    """The form for terminals has time, level, message and fields, blanks quoted."""
    shown = TextFormatter().format(record_of(created=0, levelname="INFO", id="conv_1", why="a b"))
    assert shown == '00:00:00.000 info    something  id=conv_1 why="a b"'
    assert TextFormatter().format(record_of(created=0, levelname="INFO")).endswith("something")


def test_logs_reach_the_stream_from_the_level_on(stream: io.StringIO) -> None:
    """Events at the level or above are written, one line each; those below are not."""
    configure_logs(level="info", form="json", stream=stream)
    logging.getLogger("anything").debug("unseen")
    logging.getLogger("anything").info("seen", extra={"number": 1})
    lines = stream.getvalue().splitlines()
    assert [json.loads(line)["event"] for line in lines] == ["seen"]


@pytest.mark.parametrize("library", LIBRARIES)
def test_logs_silence_libraries_below_warnings(library: str, stream: io.StringIO) -> None:
    """Libraries, which tell of requests and what is in them, are heard only of what is wrong."""
    configure_logs(level="debug", form="text", stream=stream)
    logging.getLogger(library).debug("POST said: a secret")
    logging.getLogger(f"{library}.client").info("connection open")
    logging.getLogger(library).warning("slow")
    assert stream.getvalue().splitlines()[0].endswith("slow")


def test_logs_silence_libraries_that_raise_their_voice(stream: io.StringIO) -> None:
    """A library that sets its own level when it is imported is held back afterwards."""
    configure_logs(level="info", form="text", stream=stream)
    logging.getLogger("openai").setLevel(logging.DEBUG)
    silence_libraries()
    logging.getLogger("openai").debug("POST said: a secret")
    assert stream.getvalue() == ""


@pytest.mark.usefixtures("stream")
def test_logs_go_to_standard_output(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Without another stream the log is on standard output and nothing on standard error."""
    configure_logs(level="info", form="text", stream=None)
    logging.getLogger("anything").error("seen")
    captured = capsys.readouterr()
    assert "seen" in captured.out
    assert captured.err == ""
