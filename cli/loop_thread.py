"""An event loop in a thread of its own, for a program whose main thread waits for a person."""

from __future__ import annotations

import asyncio
import concurrent.futures
import math
import threading
import time
from typing import TYPE_CHECKING, Any, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

_POLL_SECONDS = 0.2
_END_SECONDS = 1.0

T = TypeVar("T")


class LoopThread:
    """Runs within its `with` block. What refuses to end after it is left to the process's end."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop
        self._is_ready = threading.Event()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="event loop", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._is_ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self.call(self._stop.set)
        self._thread.join(_END_SECONDS)

    def call(self, function: Callable[..., object], *arguments: Any) -> None:
        """Have the loop call `function` soon."""
        self._loop.call_soon_threadsafe(function, *arguments)

    def run(self, work: Coroutine[Any, Any, T], seconds: float = math.inf) -> T:
        """Run a coroutine on the loop and wait for it; its result or its exception.

        Raises TimeoutError if it takes longer than `seconds`.
        """
        outcome = asyncio.run_coroutine_threadsafe(work, self._loop)
        deadline = time.monotonic() + seconds
        # Never in one wait: Ctrl-C just before it would be noticed only after it.
        while not outcome.done() and time.monotonic() < deadline:
            concurrent.futures.wait([outcome], _POLL_SECONDS)
        return outcome.result(0)

    def _run(self) -> None:
        with asyncio.Runner() as runner:
            self._loop = runner.get_loop()
            self._is_ready.set()
            runner.run(self._wait_for_stop())

    async def _wait_for_stop(self) -> None:
        await self._stop.wait()
