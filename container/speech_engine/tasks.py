"""The tasks of conversations: started eagerly, each with an owner, none waited for forever.

A task's first step is taken inside `Tasks.start`, so that an agent has begun, and one that never
suspends has answered, before the next message is looked at.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine, Generator
from typing import Any

Work = Coroutine[Any, Any, None]


class Tasks:
    """Starts tasks and knows of them until they end."""

    def __init__(self) -> None:
        self._owners: dict[asyncio.Task[None], object] = {}

    def start(
        self, owner: object, work: Work, after_step: Callable[[], None] | None = None
    ) -> asyncio.Task[None]:
        """Run ``work`` as a task of ``owner``'s; call ``after_step`` when it suspends or ends.

        What a step has written can so be sent in one go, without a callback of the event loop's.
        """
        task, has_ended = _start_eagerly(work, after_step, asyncio.get_running_loop())
        if not has_ended:
            self._owners[task] = owner
            task.add_done_callback(self._owners.pop)
        return task

    async def wait(self, seconds: float, owner: object = None) -> None:
        """Wait for the tasks of ``owner``, by default of all; those that go on are left behind."""
        tasks = self._of(owner)
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)

    def cancel(self) -> None:
        """Cancel all tasks."""
        _cancel(self._of(None))

    def cancel_later(self, seconds: float, owner: object) -> None:
        """Cancel those tasks of ``owner``'s that run now, if they still do in ``seconds``."""
        tasks = self._of(owner)
        if tasks:
            asyncio.get_running_loop().call_later(seconds, _cancel, tasks)

    def _of(self, owner: object) -> list[asyncio.Task[None]]:
        this = asyncio.current_task()
        return [
            task
            for task, owned_by in self._owners.items()
            if task is not this and owner in (None, owned_by)
        ]


def _cancel(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()


class _Steps(Work):
    """A coroutine that calls ``after_step`` after each step of ``work``."""

    def __init__(self, work: Work, after_step: Callable[[], None]) -> None:
        self._work = work
        self._after_step = after_step

    def send(self, value: Any, /) -> Any:
        try:
            return self._work.send(value)
        finally:
            self._after_step()

    def throw(self, *error: Any) -> Any:
        try:
            return self._work.throw(*error)
        finally:
            self._after_step()

    def close(self) -> None:
        self._work.close()

    def __await__(self) -> Generator[Any, Any, None]:
        raise NotImplementedError("only tasks drive this")


if sys.version_info >= (3, 12):

    def _start_eagerly(
        work: Work, after_step: Callable[[], None] | None, loop: asyncio.AbstractEventLoop
    ) -> tuple[asyncio.Task[None], bool]:
        steps = work if after_step is None else _Steps(work, after_step)
        task = asyncio.Task(steps, loop=loop, eager_start=True)
        return task, task.done()

else:
    from asyncio.tasks import _enter_task, _leave_task
    from contextvars import copy_context

    def _start_eagerly(
        work: Work, after_step: Callable[[], None] | None, loop: asyncio.AbstractEventLoop
    ) -> tuple[asyncio.Task[None], bool]:
        """Take the first step as the eager tasks of Python 3.12 do; and whether it was the last.

        https://docs.python.org/3/library/asyncio-extending.html#task-lifetime-support
        """
        context = copy_context()
        steps = _StartedSteps(work, after_step or _do_nothing)
        task = loop.create_task(steps, context=context)
        caller = asyncio.current_task(loop)
        if caller is not None:
            _leave_task(loop, caller)
        _enter_task(loop, task)
        try:
            context.run(steps.take_first)
        finally:
            _leave_task(loop, task)
            if caller is not None:
                _enter_task(loop, caller)
        return task, steps.have_ended

    class _StartedSteps(_Steps):
        """Steps of which the first is taken before their task takes one."""

        def __init__(self, work: Work, after_step: Callable[[], None]) -> None:
            super().__init__(work, after_step)
            self._is_ahead = False
            self._waiting_for: Any = None
            self._is_blocking = False
            self._error: BaseException | None = None
            self.have_ended = False

        def take_first(self) -> None:
            self._is_ahead = True
            try:
                self._waiting_for = super().send(None)
                self._set_blocking(is_ahead=True)
            except StopIteration:
                self.have_ended = True
                self._error = StopIteration()
            except BaseException as error:  # noqa: BLE001 - raised when the task takes over
                self._error = error

        def send(self, value: Any, /) -> Any:
            if self._is_ahead:
                return self._take_over()
            try:
                return self._work.send(value)
            finally:
                self._after_step()

        def throw(self, *error: Any) -> Any:
            if self._is_ahead:
                waiting_for = self._take_over()
                # As tasks do: what is waited for is cancelled, and tells of it by itself.
                if hasattr(waiting_for, "cancel") and waiting_for.cancel():
                    return waiting_for
            return super().throw(*error)

        def _set_blocking(self, *, is_ahead: bool) -> None:
            # A future that is waited for carries a mark for the task that takes the step. Another
            # task may wait for the same one meanwhile: the mark is put away until the take-over.
            if is_ahead:
                self._is_blocking = getattr(self._waiting_for, "_asyncio_future_blocking", False)
            if self._is_blocking:
                self._waiting_for._asyncio_future_blocking = not is_ahead  # noqa: SLF001 - as above

        def _take_over(self) -> Any:
            self._is_ahead = False
            error, self._error = self._error, None
            try:
                if error is not None:
                    raise error
                self._set_blocking(is_ahead=False)
                return self._waiting_for
            finally:
                # The error holds this frame: it must not hold the error, or only the garbage
                # collector would end both.
                del error

    def _do_nothing() -> None:
        """The default after a step."""
