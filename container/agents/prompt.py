"""What a model is asked and what it answers, in terms that no provider owns.

A provider's module turns a `Prompt` into its own request, and its stream into texts and tool calls.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from speech_engine import ConversationMessage


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A function as a model is told of it; `parameters` is a JSON schema of type object."""

    name: str
    description: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A model wants a function called; `arguments` is its JSON text, as the model wrote it."""

    id: str
    name: str
    arguments: str
    extra: object = field(default=None, compare=False, repr=False)
    """What the provider wants back unchanged with the result, a signature of its thoughts say."""


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a call gave, as text for the model."""

    call: ToolCall
    content: str
    failed: bool = False


@dataclass(frozen=True, slots=True)
class ToolRound:
    """What a model said and called before its next answer, and what came of it."""

    text: str
    results: tuple[ToolResult, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """One question to a model.

    `messages` come from the guard: they alternate, and the first and the last are the user's. Their
    role is "user" or "agent". `rounds` belong after the last message, in order.
    """

    instructions: str
    messages: tuple[ConversationMessage, ...]
    tools: tuple[ToolSpec, ...] = ()
    rounds: tuple[ToolRound, ...] = ()


REASONING_EFFORTS = ("none", "minimal", "low", "medium", "high")
"""How long a model may think before it speaks, the shortest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelOptions:
    """How a model is to answer; None leaves a provider's own default."""

    temperature: float | None = None
    max_tokens: int | None = None
    reasoning_effort: str | None = None
    """One of REASONING_EFFORTS."""


class ModelError(Exception):
    """A provider could not answer. The message is one static line; it quotes no conversation.

    `retry_after_seconds` is how long the provider asks to be left alone, where it says so.
    """

    def __init__(self, message: str, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class ModelRefused(ModelError):
    """The provider will not answer, however often it is asked: key, model or request are wrong."""


class Model(Protocol):
    """One model of one provider, with a client of its own. Made on the running event loop."""

    name: str
    """As settings name it: `openai/gpt-5.4-mini`."""

    def stream(self, prompt: Prompt) -> AsyncGenerator[str | ToolCall, None]:
        """Ask, and yield the answer as it comes; texts first, tool calls whole.

        Closing the generator, or cancelling the task that reads it, closes the provider's
        connection at once, at whatever stage. One attempt: nothing is retried here. Raises
        ModelError for everything that the provider or the network does wrong.
        """
        ...

    async def check(self) -> None:
        """Open a connection and see that key and model are accepted; no charge worth naming.

        Raises ModelRefused if they are not, any other ModelError if it can't be told now.
        """
        ...

    async def aclose(self) -> None:
        """Close the client and its idle connections."""
        ...
