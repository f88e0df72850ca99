"""Waiting for a condition with a limit, for tests that never load the server under test."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

LIMIT_SECONDS = 10.0


async def until(condition: Callable[[], object], seconds: float = LIMIT_SECONDS) -> None:
    """Return when `condition` holds; fail when it still does not after `seconds`."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - the conditions are plain expressions
            await asyncio.sleep(0.002)
