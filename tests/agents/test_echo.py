from __future__ import annotations

import time

import pytest

from agents import echo
from speech_engine import ConversationMessage


async def words_of(*messages: ConversationMessage) -> list[str]:
    return [word async for word in echo.answer(messages, seconds_a_word=0)]


async def test_echo_says_back_the_last_message_of_the_user() -> None:
    """The answer quotes what the user said last, whatever was said before."""
    words = await words_of(
        ConversationMessage("user", "first"),
        ConversationMessage("agent", "You said: first"),
        ConversationMessage("user", " good  morning "),
        ConversationMessage("agent", "left over"),
    )
    assert words == ["You", " said:", " good", " morning"]


@pytest.mark.parametrize(
    "messages",
    [(), (ConversationMessage("agent", "hi"),), (ConversationMessage("user", "  "),)],
)
async def test_echo_asks_again_when_it_heard_nothing(
    messages: tuple[ConversationMessage, ...],
) -> None:
    """A transcript without words of the user is answered with a question."""
    assert "".join(await words_of(*messages)).endswith("say it again?")


async def test_echo_streams_at_a_speaking_pace() -> None:
    """The first word comes at once, the others one after another."""
    begun = time.monotonic()
    words = echo.answer([ConversationMessage("user", "one")], seconds_a_word=0.3)
    assert await anext(words) == "You"
    assert time.monotonic() - begun < 0.25
    assert [word async for word in words] == [" said:", " one"]
    assert time.monotonic() - begun >= 0.6
