from __future__ import annotations

import contextlib
import io
import os
import queue
import threading
from typing import TYPE_CHECKING

import pytest

from cli import exchange
from cli.errors import CommandError
from cli.exchange import Answered, Answering, Ended, Event, Exchange
from cli.screen import Screen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextlib.contextmanager
def input_of(text: str) -> Iterator[int]:
    """A file descriptor from which `text` is read, then nothing more."""
    reading, writing = os.pipe()
    os.write(writing, text.encode())
    os.close(writing)
    try:
        yield reading
    finally:
        os.close(reading)


def talk(
    text: str, react: Callable[[str, queue.SimpleQueue[Event]], None], *, waits: bool
) -> list[str]:
    """Run an exchange on `text`; `react` is what the other side does. Returns what was said."""
    said: list[str] = []
    events: queue.SimpleQueue[Event] = queue.SimpleQueue()

    def say(message: str) -> None:
        said.append(message)
        react(message, events)

    screen = Screen(io.StringIO(), interactive=False)
    with input_of(text) as descriptor:
        Exchange(say, screen, events, waits_for_answers=waits).run(descriptor)
    return said


def answer(_: str, events: queue.SimpleQueue[Event]) -> None:
    events.put(Answered())


def stay_silent(_: str, events: queue.SimpleQueue[Event]) -> None:
    """Never answers."""


@pytest.mark.parametrize("waits", [True, False])
def test_exchange_says_every_line(waits: bool) -> None:
    """All lines are said, blank ones skipped, and the end of input is the end."""
    assert talk("one\n\n  two \nthree", answer, waits=waits) == ["one", "two", "three"]


@pytest.mark.parametrize("waits", [True, False])
def test_exchange_ends_at_quit(waits: bool) -> None:
    """/quit is not said, and nothing after it is."""
    assert talk("one\n/quit\ntwo\n", answer, waits=waits) == ["one"]


def test_exchange_leaves_no_blank_line_where_enter_ended_one() -> None:
    """The prompt's line is the user's: after Enter there is none to end."""
    output = io.StringIO()
    screen = Screen(output, interactive=True)
    with input_of("\n/quit\n") as descriptor:
        Exchange(print, screen, queue.SimpleQueue(), waits_for_answers=False).run(descriptor)
    screen.note("bye")
    assert output.getvalue() == "you> you> bye\n"


def test_exchange_without_waiting_interrupts() -> None:
    """Lines of a terminal are said although nothing has been answered yet."""
    assert talk("one\ntwo\n", stay_silent, waits=False) == ["one", "two"]


def test_exchange_waits_for_each_answer() -> None:
    """Lines of a pipe are read one by one: the next when the last is answered."""
    open_questions: list[str] = []

    def react(message: str, events: queue.SimpleQueue[Event]) -> None:
        assert not open_questions
        open_questions.append(message)
        open_questions.clear()
        events.put(Answered())

    assert talk("one\ntwo\n", react, waits=True) == ["one", "two"]


def test_exchange_tells_when_the_other_side_ends() -> None:
    """An end that the user has not asked for is an error with its reason."""
    with pytest.raises(CommandError, match="the conversation has ended: gone away"):
        talk("one\n", lambda _, events: events.put(Ended("gone away")), waits=True)


def test_exchange_ends_an_open_line_before_it_tells() -> None:
    """Why it ended stands on a line of its own, not behind half an answer."""
    output, events = io.StringIO(), queue.SimpleQueue[Event]()
    screen = Screen(output, interactive=True)

    def say(_: str) -> None:
        screen.begin_answer()
        screen.add_words("half an")
        events.put(Ended("gone away"))

    with input_of("one\n") as descriptor, pytest.raises(CommandError):
        Exchange(say, screen, events, waits_for_answers=True).run(descriptor)
    assert output.getvalue() == "you> agent> half an\n"


def test_exchange_tells_when_no_answer_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a pipe an answer is waited for within a limit."""
    monkeypatch.setattr(exchange, "_ANSWER_SECONDS", 0.05)
    with pytest.raises(CommandError, match=r"no answer within 0\.05 s"):
        talk("one\n", stay_silent, waits=True)


def silence_of(monkeypatch: pytest.MonkeyPatch, *events: Event) -> str:
    """What a person sees who asks, and gets these events within the silence and no more."""
    monkeypatch.setattr(exchange, "_SILENCE_SECONDS", 0.3)
    reading, writing = os.pipe()
    os.write(writing, b"one\n")
    output, posted = io.StringIO(), queue.SimpleQueue[Event]()

    def say(_: str) -> None:
        for event in events:
            posted.put(event)
        threading.Timer(1.0, os.write, (writing, b"/quit\n")).start()

    screen = Screen(output, interactive=True)
    talking = Exchange(say, screen, posted, waits_for_answers=False, silence="see the log")
    talking.run(reading)
    os.close(reading)
    os.close(writing)
    return output.getvalue()


def test_exchange_tells_a_long_silence_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A person who gets no answer is told once where to look, and can type on."""
    assert silence_of(monkeypatch) == "you> see the log\nyou> "


@pytest.mark.parametrize("event", [Answering(), Answered()])
def test_exchange_takes_no_answer_for_silence(
    monkeypatch: pytest.MonkeyPatch, event: Event
) -> None:
    """Neither a long answer nor the pause after one is told of."""
    assert "see the log" not in silence_of(monkeypatch, event)


def test_exchange_survives_input_that_is_no_text() -> None:
    """Bytes that are no UTF-8 are replaced, not fatal."""
    reading, writing = os.pipe()
    os.write(writing, b"\xff\n")
    os.close(writing)
    said: list[str] = []
    events: queue.SimpleQueue[Event] = queue.SimpleQueue()

    def say(message: str) -> None:
        said.append(message)
        events.put(Answered())

    screen = Screen(io.StringIO(), interactive=False)
    Exchange(say, screen, events, waits_for_answers=True).run(reading)
    os.close(reading)
    assert said == ["\ufffd"]
