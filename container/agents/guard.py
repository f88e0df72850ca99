"""The guard before a model: a transcript is untrusted, and what it admits is bounded and harmless.

Owns who may have spoken and how much of a history is kept. It does no I/O, and runs at every turn
over the whole history that the platform sends again.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from agents.characters import clean, is_plain
from speech_engine import ConversationMessage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

USER = "user"
AGENT = "agent"
_ROLES = (USER, AGENT)

OPENING = "(listening)"
"""Put before a history that begins with the agent: a caller can choose an engine's greeting."""

SILENCE = "(silence)"
"""The user's last message where a transcript has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardLimits:
    """How much of a transcript is admitted. Raises ValueError naming what is wrong."""

    messages: int = 40
    message_characters: int = 4000
    """Of one message; the end of a longer one is kept."""
    history_characters: int = 16000
    """Of all messages together, the newest first."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if type(value) is not int or value < 1:
                raise ValueError(f"{field.name} must be a positive whole number, not {value!r}")
        if self.message_characters > self.history_characters:
            raise ValueError("message_characters must not be above history_characters")


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardFindings:
    """What was found in one transcript, in numbers; it quotes none of it."""

    strangers: int
    """Messages of another role than the user's and the agent's: left out."""
    cut: int
    cleaned: int
    """Messages that held characters or tokens which nobody hears."""


class Guard:
    """Admits transcripts. Has no state: one guard serves all conversations."""

    def __init__(
        self,
        limits: GuardLimits | None = None,
        on_finding: Callable[[GuardFindings], object] | None = None,
    ) -> None:
        """`on_finding` is called for each transcript in which anything was found."""
        self._limits = limits or GuardLimits()
        self._on_finding = on_finding
        self._turns = [AGENT, USER] * (self._limits.messages // 2 + 1)

    def admit(self, transcript: Sequence[ConversationMessage]) -> tuple[ConversationMessage, ...]:
        """The newest messages, oldest first: they alternate, the first and last are the user's.

        Messages that need no change are those of the transcript themselves.
        """
        newest = transcript[-self._limits.messages :]
        if self._is_harmless(newest):
            opening = () if newest[0].role == USER else (ConversationMessage(USER, OPENING),)
            return (*opening, *newest)
        chosen, strangers, cut = self._choose(transcript)
        cleaned = 0
        if not is_plain("".join([message.content for message in chosen])):
            chosen, cleaned = _clean_all(chosen)
        if self._on_finding is not None and (strangers or cut or cleaned):
            self._on_finding(GuardFindings(strangers=strangers, cut=cut, cleaned=cleaned))
        return tuple(_alternate(chosen))

    def _is_harmless(self, messages: Sequence[ConversationMessage]) -> bool:
        """Whether no message has to be changed, as in nearly all transcripts; seen as a whole."""
        if [message.role for message in messages] != self._turns[-len(messages) :]:
            return False
        contents = [message.content for message in messages]
        text = "".join(contents)
        return (
            len(text) <= self._limits.history_characters
            and max(map(len, contents)) <= self._limits.message_characters
            and is_plain(text)
            and all(map(str.strip, contents))
        )

    def _choose(
        self, transcript: Sequence[ConversationMessage]
    ) -> tuple[list[ConversationMessage], int, int]:
        """What there is room for; older messages are not even looked at."""
        limits = self._limits
        longest, room, places = (
            limits.message_characters,
            limits.history_characters,
            limits.messages,
        )
        chosen: list[ConversationMessage] = []
        strangers = cut = 0
        for message in reversed(transcript):
            role = message.role
            if role not in _ROLES:
                strangers += 1
                continue
            size = len(message.content)
            if size > longest:
                message = ConversationMessage(role, message.content[-longest:])  # noqa: PLW2901
                size = longest
                cut += 1
            if size > room or not places:
                break
            room -= size
            places -= 1
            chosen.append(message)
        chosen.reverse()
        return chosen, strangers, cut


def _clean_all(messages: list[ConversationMessage]) -> tuple[list[ConversationMessage], int]:
    cleaned = 0
    result = []
    for message in messages:
        content = message.content
        if not is_plain(content) and (harmless := clean(content)) != content:
            message = ConversationMessage(message.role, harmless)  # noqa: PLW2901
            cleaned += 1
        result.append(message)
    return result, cleaned


def _alternate(messages: list[ConversationMessage]) -> list[ConversationMessage]:
    """Join what one side said in a row, leave out what is blank, and let the user begin and end."""
    result: list[ConversationMessage] = []
    speaker = None
    for message in messages:
        content = message.content
        if not content or content.isspace():
            continue
        if message.role == speaker:
            message = ConversationMessage(speaker, f"{result.pop().content} {content}")  # noqa: PLW2901
        result.append(message)
        speaker = message.role
    if result and result[0].role == AGENT:
        result.insert(0, ConversationMessage(USER, OPENING))
    if speaker != USER:
        result.append(ConversationMessage(USER, SILENCE))
    return result
