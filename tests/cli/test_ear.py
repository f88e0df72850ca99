from __future__ import annotations

import io
import queue

import pytest

from cli.ear import Ear
from cli.exchange import Answered, Event
from cli.screen import Screen

START, DELTA, STOP = "start", "delta", "stop"


class Listener:
    """An ear with what it has shown and posted."""

    def __init__(self) -> None:
        self.output = io.StringIO()
        self.events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._posted: list[Event] = []
        self.ear = Ear(Screen(self.output, interactive=False), self.events)

    def hear(self, *parts: tuple[str, str]) -> None:
        for kind, text in parts:
            self.ear.hear_part(text, kind)

    @property
    def answers(self) -> int:
        while not self.events.empty():
            self._posted.append(self.events.get())
        return self._posted.count(Answered())


@pytest.fixture
def listener() -> Listener:
    return Listener()


def test_ear_shows_words_as_they_come(listener: Listener) -> None:
    """Each part is shown at once; the last one makes the answer whole."""
    listener.ear.expect_answer()
    listener.hear((START, ""), (DELTA, "good "), (DELTA, "morning"))
    assert (listener.output.getvalue(), listener.answers) == ("good morning", 0)
    listener.hear((STOP, ""))
    assert (listener.output.getvalue(), listener.answers) == ("good morning\n", 1)


def test_ear_shows_a_whole_answer_where_no_parts_come(listener: Listener) -> None:
    """An engine that streams no parts to its clients is heard as well."""
    listener.ear.expect_answer()
    listener.ear.hear_whole("good morning")
    assert (listener.output.getvalue(), listener.answers) == ("good morning\n", 1)


def test_ear_shows_no_answer_twice(listener: Listener) -> None:
    """The whole answer that follows its parts adds nothing."""
    listener.ear.expect_answer()
    listener.hear((START, ""), (DELTA, "hi"), (STOP, ""))
    listener.ear.hear_whole("hi")
    assert (listener.output.getvalue(), listener.answers) == ("hi\n", 1)


def test_ear_drops_the_rest_of_an_interrupted_answer(listener: Listener) -> None:
    """What still comes of the old answer is neither shown nor taken for the new one."""
    listener.ear.expect_answer()
    listener.hear((START, ""), (DELTA, "old"))
    listener.ear.expect_answer()
    listener.hear((DELTA, "er"), (STOP, ""))
    listener.ear.hear_whole("older")
    assert listener.answers == 0
    listener.hear((START, ""), (DELTA, "new"), (STOP, ""))
    assert (listener.output.getvalue(), listener.answers) == ("old\nnew\n", 1)
