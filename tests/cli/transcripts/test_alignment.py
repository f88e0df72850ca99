from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.transcripts.alignment import TooLong, Utterance, align, rate_likeness

WORDS = ("yes", "no", "What is the time?", "My order number is 12", "Thanks a lot, good bye")


def utter(role: str, text: str, at: float = 0.0, *heard: str) -> Utterance:
    return Utterance(role, (text, *heard), (len(text),), at)


@given(st.lists(st.tuples(st.sampled_from(WORDS), st.booleans()), max_size=30))
def test_what_is_missing_is_found(said: list[tuple[str, bool]]) -> None:
    """Whatever was said, however often: what is there is found in its place, and nothing else."""
    whole = [
        utter("agent" if n % 2 else "user", text, at=n * 10.0) for n, (text, _) in enumerate(said)
    ]
    kept = [n for n, (_, is_kept) in enumerate(said) if is_kept]
    expected = [kept.index(n) if n in kept else None for n in range(len(whole))]
    assert align(whole, [whole[n] for n in kept]) == expected


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        (utter("user", "Hello, you!"), utter("user", "hello you"), True),
        (utter("user", "Hello"), utter("agent", "Hello"), False),
        (utter("user", "…"), utter("user", "…"), True),
        (utter("agent", "Once upon a time", 0, "Once"), utter("agent", "Once upon"), True),
        (utter("user", "I want two teas please"), utter("user", "I want to tease please"), True),
        (utter("user", "I want two teas please"), utter("user", "What did you say?"), False),
        (utter("user", "I want two teas please"), utter("user", "I want tea please", 60), False),
        (utter("user", "yes please"), utter("user", "no please"), False),
        (utter("user", "call [phone] please"), utter("user", "call [phone], please"), True),
        (utter("agent", "So: tea for two"), utter("agent", "So: tea for you", 1), True),
        (utter("agent", "So: tea for two"), utter("agent", "So: tea for you", 9), False),
        (utter("agent", "So: tea for two"), utter("agent", "So: tea", 9), True),
        (utter("agent", "Hello"), Utterance("agent", (), (5,), 0.0), True),
        (utter("agent", "Hello"), Utterance("agent", (), (6,), 1.0), True),
        (utter("agent", "Hello"), Utterance("agent", (), (6,), 9.0), False),
    ],
)
def test_one_message_is_known_again(one: Utterance, other: Utterance, is_same: bool) -> None:
    """Heard anew, cut short or without its words it is the same; another one is another."""
    assert bool(rate_likeness(one, other)) is is_same
    assert bool(rate_likeness(other, one)) is is_same


def test_an_answer_that_nobody_heard_takes_no_place() -> None:
    """What was superseded is in our log alone, and hides nothing that is missing there."""
    stored = [utter("user", "one"), utter("agent", "Let me look that up"), utter("user", "two")]
    told = [utter("user", "one"), utter("user", "two"), utter("agent", "Here is the second")]
    assert align(told, stored) == [0, 2, None]


def test_long_conversations_are_compared_in_time() -> None:
    """Some hundreds of messages take a second or so, not minutes."""
    whole = [utter("agent" if n % 2 else "user", f"{WORDS[n % 5]} {n}", n) for n in range(400)]
    began = time.process_time()
    assert align(whole, whole[::2]) == [n // 2 if n % 2 == 0 else None for n in range(400)]
    assert time.process_time() - began < 5


def test_a_long_conversation_that_lacks_little_is_compared_at_once() -> None:
    """Thousands of messages of which a few in a row are missing take less than a second."""
    whole = [utter("agent" if n % 2 else "user", f"{WORDS[n % 5]} {n}", n) for n in range(4000)]
    began = time.process_time()
    places = align(whole, whole[:1500] + whole[1510:])
    assert places == [*range(1500), *[None] * 10, *range(1500, 3990)]
    assert time.process_time() - began < 1


def test_what_would_take_too_much_is_refused() -> None:
    """Thousands of messages of which some are missing everywhere would take all memory."""
    whole = [utter("user", f"{n}", n) for n in range(5000)]
    with pytest.raises(TooLong):
        align(whole, whole[1:-1:2])
