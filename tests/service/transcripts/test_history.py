from __future__ import annotations

import random

import pytest

from service.transcripts.history import History
from speech_engine import ConversationMessage


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
    history = History()
    assert taken(history, "-welcome", "hi") == ["-welcome", "hi"]
    history.add_answer()
    assert taken(history, "-welcome", "hi", "-hello", "yes") == ["yes"]
    history.add_answer()
    assert taken(history, "-welcome", "hi", "-hello", "yes", "-well", "yes") == ["yes"]


@pytest.mark.parametrize("heard", [["-hel"], []])
def test_history_knows_an_answer_by_its_place(heard: list[str]) -> None:
    """An answer that comes back as far as it was heard, or not at all, is not new."""
    history = History()
    taken(history, "hi")
    history.add_answer()
    assert taken(history, "hi", *heard, "wait") == ["wait"]


def test_history_takes_an_answer_that_was_not_sent_here() -> None:
    """What the platform let the agent say by itself is part of the conversation."""
    history = History()
    taken(history, "hi")
    assert taken(history, "hi", "-are you there?", "yes") == ["-are you there?", "yes"]


def test_history_takes_words_that_were_heard_anew() -> None:
    """A message that reads otherwise than before is new, and so is what follows it."""
    history = History()
    taken(history, "I want a")
    assert taken(history, "I want a table") == ["I want a table"]
    assert taken(history, "I want a table", "for two") == ["for two"]


def test_history_takes_nothing_twice() -> None:
    """The same transcript again, or a shorter one, has nothing new."""
    history = History()
    taken(history, "hi", "-hello", "yes")
    assert taken(history, "hi", "-hello", "yes") == []
    assert taken(history, "hi") == []


def test_history_takes_no_old_message_for_new() -> None:
    """What was answered and reads otherwise later is known, and so is what follows it."""
    history = History()
    taken(history, "I want")
    history.add_answer()
    assert taken(history, "I want.", "-What?", "Tea") == ["Tea"]
    history.add_answer()
    assert taken(history, "I want.", "-What?", "Tea?", "-Green?", "Yes") == ["Yes"]


@pytest.mark.parametrize(
    ("cut", "new"),
    [
        (["-b", "c", "-d", "e", "-f", "g"], ["g"]),
        (["c", "-d", "e", "-there?", "-f", "g"], ["-f", "g"]),
        (["-b", "c", "-d", "e", "g"], ["g"]),
        (["-b", "c", "-d", "e again"], ["e again"]),
        (["-b", "c.", "-d", "e", "-f", "g"], ["g"]),
    ],
)
def test_history_finds_what_is_new_in_a_transcript_that_was_cut(
    cut: list[str], new: list[str]
) -> None:
    """Where the oldest messages are left out, what is left of those that are known is found."""
    history = History()
    taken(history, "a", "-b", "c", "-d", "e")
    history.add_answer()
    assert taken(history, *cut) == new


@pytest.mark.parametrize("most", [3, 10, 11, 1000])
def test_history_takes_every_message_once_however_much_is_repeated(most: int) -> None:
    """Answers unheard, cut off or never given, and words heard anew: each message is new once."""
    history, chance = History(), random.Random(most)
    platform: list[str] = []
    found: list[str] = []
    for turn in range(200):
        platform.append(f"user {turn}")
        found += taken(history, *platform[-most:])
        match chance.choice(("heard", "heard", "cut", "unheard", "superseded", "heard anew")):
            case "heard anew":
                platform.pop()
            case "heard" | "cut" | "unheard" as end:
                history.add_answer()
                platform += {"heard": [f"-answer {turn}"], "cut": ["-"], "unheard": []}[end]
    assert found == [f"user {turn}" for turn in range(200)]


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
    history = History()
    taken(history, "hi")
    history.add_answer()
    assert history.take_new(spoken(*later))[1] == heard
    assert history.take_new(spoken(*later, "-more", "so"))[1] is None


@pytest.mark.parametrize(("later", "heard"), [(["b", "-hel", "c"], "-hel"), (["a", "b", "c"], "")])
def test_history_finds_an_answer_in_a_transcript_that_was_cut(
    later: list[str], heard: str | None
) -> None:
    """It is found behind what is left of the messages before it."""
    history = History()
    taken(history, "a", "b")
    history.add_answer()
    assert history.take_new(spoken(*later))[1] == heard
