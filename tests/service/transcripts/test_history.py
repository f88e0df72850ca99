from __future__ import annotations

import pytest

from service.transcripts.history import History
from speech_engine import ConversationMessage

MOST = 100


def spoken(*texts: str) -> list[ConversationMessage]:
    """Messages from texts: what the agent said begins with a dash."""
    return [
        ConversationMessage("agent" if text.startswith("-") else "user", text) for text in texts
    ]


def taken(history: History, *texts: str) -> list[str]:
    new, _ = history.take_new(spoken(*texts))
    return [message.content for message in new]


def test_history_takes_what_was_not_there() -> None:
    """Of the whole conversation, repeated at each turn, only what was added is new."""
    history = History(MOST)
    assert taken(history, "-welcome", "hi") == ["-welcome", "hi"]
    history.add_answer()
    assert taken(history, "-welcome", "hi", "-hello", "yes") == ["yes"]
    history.add_answer()
    assert taken(history, "-welcome", "hi", "-hello", "yes", "-well", "yes") == ["yes"]


@pytest.mark.parametrize("heard", [["-hel"], []])
def test_history_knows_an_answer_by_its_place(heard: list[str]) -> None:
    """An answer that comes back as far as it was heard, or not at all, is not new."""
    history = History(MOST)
    taken(history, "hi")
    history.add_answer()
    assert taken(history, "hi", *heard, "wait") == ["wait"]


def test_history_takes_an_answer_that_was_not_sent_here() -> None:
    """What the platform let the agent say by itself is part of the conversation."""
    history = History(MOST)
    taken(history, "hi")
    assert taken(history, "hi", "-are you there?", "yes") == ["-are you there?", "yes"]


def test_history_takes_words_that_were_heard_anew() -> None:
    """A message that reads otherwise than before is new, and so is what follows it."""
    history = History(MOST)
    taken(history, "I want a")
    assert taken(history, "I want a table") == ["I want a table"]
    assert taken(history, "I want a table", "for two") == ["for two"]


def test_history_takes_nothing_twice() -> None:
    """The same transcript again, or a shorter one, has nothing new."""
    history = History(MOST)
    taken(history, "hi", "-hello", "yes")
    assert taken(history, "hi", "-hello", "yes") == []
    assert taken(history, "hi") == []


def test_history_takes_the_last_message_of_a_transcript_that_was_cut() -> None:
    """Where the oldest messages are left out no place can be compared, and only the end is new."""
    history = History(3)
    assert taken(history, "a", "-b") == ["a", "-b"]
    assert taken(history, "-b", "c", "d") == ["d"]
    assert taken(history, "c", "d", "e") == ["e"]


@pytest.mark.parametrize(
    ("later", "heard"),
    [
        (["hi", "-hello there", "yes"], "-hello there"),
        (["hi", "-hel", "yes"], "-hel"),
        (["hi", "yes"], ""),
        (["hi"], None),
        (["hi you", "-hel", "yes"], None),
    ],
)
def test_history_tells_how_far_an_answer_was_heard(later: list[str], heard: str | None) -> None:
    """The platform shows an answer in its place, or none; where places moved nothing is known."""
    history = History(MOST)
    taken(history, "hi")
    history.add_answer()
    assert history.take_new(spoken(*later))[1] == heard
    assert history.take_new(spoken(*later, "-more", "so"))[1] is None


@pytest.mark.parametrize(
    ("later", "heard"), [(["b", "-hel", "c"], "-hel"), (["a", "b", "c"], None)]
)
def test_history_finds_an_answer_in_a_transcript_that_was_cut(
    later: list[str], heard: str | None
) -> None:
    """Without places, the answer is what stands before the last words of the user."""
    history = History(3)
    taken(history, "a", "b")
    history.add_answer()
    assert history.take_new(spoken(*later))[1] == heard
