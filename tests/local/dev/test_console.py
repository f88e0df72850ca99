from __future__ import annotations

import io
import json
import re

import pytest

from local.dev.console import Console


def shown(line: str, *, colored: bool = False) -> list[str]:
    stream = io.StringIO()
    Console(stream, colored=colored).show_output("server", line)
    return [re.sub(r"^\d\d:\d\d:\d\d ", "", text) for text in stream.getvalue().splitlines()]


def event(name: str, **fields: object) -> str:
    return json.dumps({"time": "t", "level": "info", "event": name, "logger": "service", **fields})


def test_console_puts_time_and_source_before_each_line() -> None:
    """Every line of the log says when and who."""
    stream = io.StringIO()
    Console(stream).show("dev", "one\ntwo")
    assert re.fullmatch(
        r"\d\d:\d\d:\d\d dev    one\n\d\d:\d\d:\d\d dev    two\n", stream.getvalue()
    )


def test_console_makes_log_events_readable() -> None:
    """A JSON line becomes its event and its fields."""
    assert shown(event("turn ended", chunks=4, why="a b")) == [
        "server turn ended  chunks=4 why='a b'"
    ]


@pytest.mark.parametrize("name", ["draining", "stopped", "transcripts are logged: on"])
def test_console_leaves_out_what_each_restart_repeats(name: str) -> None:
    """Lines for operators that would come at every edit are not shown."""
    assert shown(event(name)) == []


def test_console_unfolds_a_traceback() -> None:
    """The frames of an exception are shown as lines below the event."""
    lines = shown(event("error in conversation", traceback="File x\nValueError: y"))
    assert lines == ["server error in conversation", "server File x", "server ValueError: y"]


@pytest.mark.parametrize("line", ["service: PORT is 'x'", "{no json", '{"other": 1}', "[1]", "5"])
def test_console_keeps_other_output_as_it_is(line: str) -> None:
    """What is no log event is shown unchanged."""
    assert shown(line) == [f"server {line}"]


def test_console_shows_what_both_voices_say() -> None:
    """The runtime's transcript lines become the user's and the agent's words."""
    transcript = [{"role": "agent", "content": "hi"}, {"role": "user", "content": "hello"}]
    said = {"logger": "speech_engine.debug"}
    assert shown(event("turn started", transcript=transcript, **said)) == ["user   hello"]
    assert shown(event("turn ended", answer="You said: hello ", **said)) == [
        "agent  You said: hello"
    ]
    assert shown(event("conversation started", **said)) == []
    assert shown(event("answer repeated", **said)) == ["server answer repeated"]


def test_console_lets_nobody_steer_the_terminal() -> None:
    """Whoever said or printed it: what would clear, hide or reorder lines is shown instead."""
    said = {"logger": "speech_engine.debug"}
    evil, harmless = "\x1b[2J\r\u202ehi", r"\x1b[2J\r\u202ehi"
    transcript = [{"role": "user", "content": evil}]
    assert shown(event("turn started", transcript=transcript, **said)) == [f"user   {harmless}"]
    assert shown(event("turn ended", answer=evil, **said)) == [f"agent  {harmless}"]
    assert shown(f"printed {evil}") == [f"server printed {harmless}"]


def test_console_colors_terminals_only() -> None:
    """Colours are for terminals; a pipe gets plain text."""
    line = event("first chunk late").replace('"info"', '"warning"')
    assert "\x1b[33m" in shown(line, colored=True)[0]
    assert "\x1b" not in shown(line)[0]
    assert Console(io.StringIO())._colored is False
