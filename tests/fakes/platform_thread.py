"""The simulator on a thread of its own, for callers that block the thread they are on."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING

from local.platform import Platform

if TYPE_CHECKING:
    from collections.abc import Iterator

START_SECONDS = 20.0


@contextlib.contextmanager
def run_platform(api_key: str) -> Iterator[Platform]:
    """Serve a workspace with that key until the block ends."""
    platform = Platform(api_key=api_key)
    started = threading.Event()
    stops: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def serve() -> None:
        stop = asyncio.Event()
        async with platform:
            stops.append((asyncio.get_running_loop(), stop))
            started.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        if not started.wait(START_SECONDS):
            raise TimeoutError("the simulator did not start")
        yield platform
    finally:
        for loop, stop in stops:
            loop.call_soon_threadsafe(stop.set)
        thread.join(START_SECONDS)
