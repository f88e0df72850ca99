"""Models without a provider: each question is answered by the next plan, piece by piece."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from agents.prompt import Prompt, ToolCall

SILENCE = object()
"""A step that never ends."""


@dataclass
class ScriptedModel:
    """Takes one plan for each question; the last one goes on for ever.

    A plan's steps are texts, tool calls, seconds to wait, an error to raise, or SILENCE.
    """

    name: str
    plans: list[Sequence[object]] = field(default_factory=lambda: [["Hello."]])
    refusal: Exception | None = None
    prompts: list[Prompt] = field(default_factory=list)
    open_streams: int = 0
    is_closed: bool = False

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str | ToolCall, None]:
        """Go through the next plan."""
        self.prompts.append(prompt)
        plan = self.plans.pop(0) if len(self.plans) > 1 else self.plans[0]
        self.open_streams += 1
        try:
            for step in plan:
                if isinstance(step, BaseException):
                    raise step
                if isinstance(step, int | float):
                    await asyncio.sleep(step)
                elif step is SILENCE:
                    await asyncio.get_running_loop().create_future()
                else:
                    yield step  # type: ignore[misc]
        finally:
            self.open_streams -= 1

    async def check(self) -> None:
        """Refuse, if that is the script."""
        if self.refusal is not None:
            raise self.refusal

    async def aclose(self) -> None:
        self.is_closed = True
