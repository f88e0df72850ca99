"""The agent that every Python server of the benchmark runs; `agent.mjs` is the same in JavaScript.

The first chunk leaves at once; a delay stands between chunks, never before the first.
"""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

CHUNKS = tuple(f"word{number} " for number in range(int(os.environ.get("BENCH_CHUNKS", "30"))))
DELAY_SECONDS = float(os.environ.get("BENCH_DELAY_MS", "0")) / 1000


async def answer() -> AsyncIterator[str]:
    """Yield the answer as an LLM's stream would."""
    for number, chunk in enumerate(CHUNKS):
        if DELAY_SECONDS and number:
            await asyncio.sleep(DELAY_SECONDS)
        yield chunk


async def on_transcript(_transcript: Any, session: Any) -> None:
    """Answer a user's turn; the same handler suits the SDK's session and this project's."""
    await session.send_response(answer())
