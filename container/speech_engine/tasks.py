"""The tasks of conversations: each has an owner, none is waited for forever."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine, Generator
from types import coroutine
from typing import Any

Work = Coroutine[Any, Any, None]


class Tasks:
    """Starts tasks and knows of them until they end."""

    def __init__(self) -> None:
        self._owners: dict[asyncio.Task[None], object] = {}

    def start(self, owner: object, work: Work) -> asyncio.Task[None]:
        """Run ``work`` as a task of ``owner``'s; its first step is taken at once if it can be."""
        task = _start(work)
        if not task.done():
            self._owners[task] = owner
            task.add_done_callback(self._owners.pop)
        return task

    async def wait(self, seconds: float, owner: object = None) -> None:
        """Wait for the tasks of ``owner``, by default of all; those that go on are left behind."""
        this = asyncio.current_task()
        tasks = [
            task
            for task, owned_by in self._owners.items()
            if task is not this and owner in (None, owned_by)
        ]
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)


async def call_after_each_step(after_step: Callable[[], None], work: Callable[[], Work]) -> None:
    """Run ``work()``, and ``after_step`` whenever it suspends or ends.

    What a step has written can so be sent in one go, without a callback of the event loop's.
    """
    await _step(after_step, work())


@coroutine
def _step(after_step: Callable[[], None], work: Work) -> Generator[Any, Any, None]:
    thrown: BaseException | None = None
    while True:
        try:
            waiting_for = work.send(None) if thrown is None else work.throw(thrown)
        except StopIteration:
            return
        finally:
            after_step()
        try:
            yield waiting_for
            thrown = None
        except BaseException as error:  # noqa: BLE001 - cancellation goes to the work, too
            thrown = error


if sys.version_info >= (3, 12):

    def _start(work: Work) -> asyncio.Task[None]:
        return asyncio.Task(work, loop=asyncio.get_running_loop(), eager_start=True)

else:

    def _start(work: Work) -> asyncio.Task[None]:
        return asyncio.get_running_loop().create_task(work)
