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


def test_history_takes_no_old_message_for_new() -> None:
    """What was answered and reads otherwise later is known, and so is what follows it."""
    history = History(MOST)
    taken(history, "I want")
    history.add_answer()
    assert taken(history, "I want.", "-What?", "Tea") == ["Tea"]
    history.add_answer()
    assert taken(history, "I want.", "-What?", "Tea?", "-Green?", "Yes") == ["Yes"]


def test_history_finds_what_is_new_in_a_transcript_that_was_cut() -> None:
    """Where the oldest messages are left out, what is left of those that are known is found."""
    history = History(4)
    assert taken(history, "a", "-b") == ["a", "-b"]
    assert taken(history, "-b", "c", "-there?", "d") == ["c", "-there?", "d"]
    history.add_answer()
    assert taken(history, "d", "-e", "-there?", "f") == ["-there?", "f"]


def test_history_takes_the_last_message_where_nothing_is_known() -> None:
    """A cut transcript that fits nowhere has at least its last message."""
    history = History(3)
    taken(history, "a", "-b", "c")
    assert taken(history, "x", "y", "z") == ["z"]


@pytest.mark.parametrize(
    ("later", "heard"),
    [
        (["hi", "-hello there", "yes"], "-hello there"),
        (["hi", "-hel", "yes"], "-hel"),
        (["hi", "yes"], ""),
        (["hi"], None),
        (["hi you", "-hel", "yes"], "-hel"),
    ],
)
def test_history_tells_how_far_an_answer_was_heard(later: list[str], heard: str | None) -> None:
    """The platform shows an answer in its place, or leaves it out."""
    history = History(MOST)
    taken(history, "hi")
    history.add_answer()
    assert history.take_new(spoken(*later))[1] == heard
    assert history.take_new(spoken(*later, "-more", "so"))[1] is None


@pytest.mark.parametrize(("later", "heard"), [(["b", "-hel", "c"], "-hel"), (["a", "b", "c"], "")])
def test_history_finds_an_answer_in_a_transcript_that_was_cut(
    later: list[str], heard: str | None
) -> None:
    """It is found behind what is left of the messages before it."""
    history = History(3)
    taken(history, "a", "b")
    history.add_answer()
    assert history.take_new(spoken(*later))[1] == heard
