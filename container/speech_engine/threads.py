"""A bounded pool of daemon threads for synchronous handlers.

`concurrent.futures` joins its threads when the interpreter exits, so one handler that never
returns would keep a stopped server alive; these threads never do.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

_IDLE_SECONDS = 60.0

T = TypeVar("T")
Job = Callable[[], None]


class ThreadPool:
    """Runs calls in at most ``max_threads`` threads, made when needed and ended when idle."""

    def __init__(self, max_threads: int) -> None:
        self._max_threads = max_threads
        self._jobs: deque[Job] = deque()
        self._changed = threading.Condition()
        self._threads = 0
        self._idle = 0

    async def run(self, function: Callable[..., T], *args: Any) -> T:
        """Call ``function`` in a thread, with this task's context; its result or exception.

        Cancelling the wait skips a call that has not begun; one that has begun goes on unheard.
        """
        loop = asyncio.get_running_loop()
        outcome: asyncio.Future[T] = loop.create_future()
        context = contextvars.copy_context()

        def job() -> None:
            if outcome.cancelled():
                return
            try:
                result = context.run(function, *args)
            except BaseException as error:  # noqa: BLE001 - handed over to the awaiting task
                _hand_over(loop, _fail, outcome, _awaitable_error(error))
            else:
                _hand_over(loop, _succeed, outcome, result)

        self._submit(job)
        return await outcome

    def _submit(self, job: Job) -> None:
        with self._changed:
            self._jobs.append(job)
            if self._idle >= len(self._jobs):
                self._changed.notify()
            elif self._threads < self._max_threads:
                self._threads += 1
                threading.Thread(target=self._work, name="speech-engine", daemon=True).start()

    def _work(self) -> None:
        while (job := self._next_job()) is not None:
            job()
            # Without this the last call's objects would live until the next one.
            del job

    def _next_job(self) -> Job | None:
        with self._changed:
            self._idle += 1
            has_job = self._changed.wait_for(lambda: bool(self._jobs), _IDLE_SECONDS)
            self._idle -= 1
            if has_job:
                return self._jobs.popleft()
            self._threads -= 1
            return None


def _awaitable_error(error: BaseException) -> Exception:
    # A future refuses StopIteration, and SystemExit would end the whole event loop.
    if isinstance(error, Exception) and not isinstance(error, StopIteration):
        return error
    return RuntimeError(f"a handler raised {type(error).__name__}")


def _hand_over(loop: asyncio.AbstractEventLoop, deliver: Callable[..., None], *args: Any) -> None:
    try:
        loop.call_soon_threadsafe(deliver, *args)
    except RuntimeError:
        """The loop is closed: nobody waits for the outcome any more."""


def _succeed(outcome: asyncio.Future[T], result: T) -> None:
    if not outcome.done():
        outcome.set_result(result)


def _fail(outcome: asyncio.Future[Any], error: Exception) -> None:
    if not outcome.done():
        outcome.set_exception(error)
