"""The model without a provider: says back what it heard. For machines without keys, and tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents import echo

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from agents.prompt import Model, ModelOptions, Prompt, ToolCall
    from agents.providers.access import Access


class EchoModel:
    """Streams the user's last message back, word by word."""

    name = "echo"

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str | ToolCall, None]:
        """Yield the echo of the last message."""
        async for word in echo.answer(prompt.messages):
            yield word

    async def check(self) -> None:
        """There is nothing to check."""

    async def aclose(self) -> None:
        """There is nothing to close."""


def create(_name: str, _model: str, _access: Access, _options: ModelOptions) -> Model:
    """Return the model that needs nothing."""
    return EchoModel()
