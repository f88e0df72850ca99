"""Events of one session: calls the developer's handlers, and never waits for them."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from . import debug_log
from .events import ERROR
from .handlers import KEYWORD_OF_EVENT, Handler, Handlers
from .tasks import Tasks

_logger = logging.getLogger(debug_log.LOGGER_NAME)

Call = Callable[[], Any]


class Emitter:
    """Calls the server's keyword handlers, then `on`, then `once` listeners, each in turn.

    Synchronous ones run at once; from the first asynchronous one on, the rest go on in a task. What
    a handler raises goes to the `error` handlers, and what those raise to the log.
    """

    __slots__ = ("_handlers", "_on", "_once", "_owner", "_tasks")

    def __init__(self, owner: object, handlers: Handlers, tasks: Tasks) -> None:
        self._owner = owner
        self._handlers = handlers
        self._tasks = tasks
        # Most sessions have keyword handlers only: the tables are made on first use.
        self._on: dict[str, list[Handler]] | None = None
        self._once: dict[str, list[Handler]] | None = None

    def add(self, event: str, listener: Handler) -> None:
        """Call ``listener`` at every ``event``."""
        self._on = self._on or {}
        self._on.setdefault(event, []).append(listener)

    def add_once(self, event: str, listener: Handler) -> None:
        """Call ``listener`` at the next ``event`` only."""
        self._once = self._once or {}
        self._once.setdefault(event, []).append(listener)

    def remove(self, event: str, listener: Handler) -> None:
        """Take ``listener`` off ``event``, however it was added; unknown ones are no error."""
        for table in (self._on, self._once):
            if table and listener in table.get(event, ()):
                table[event].remove(listener)
                return

    def take_listeners(self, event: str) -> list[Handler]:
        """The `on` and `once` listeners of ``event`` in order; the latter are forgotten."""
        if self._on is None and self._once is None:
            return []
        lasting = self._on.get(event, []) if self._on else []
        single = self._once.pop(event, []) if self._once else []
        return [*lasting, *single]

    def emit(self, event: str, *args: Any) -> None:
        """Call every handler of ``event``; keyword handlers get the session as last argument."""
        handler = getattr(self._handlers, KEYWORD_OF_EVENT[event])
        calls: list[Call] = [partial(handler, *args, self._owner)] if handler is not None else []
        calls.extend(partial(listener, *args) for listener in self.take_listeners(event))
        if calls:
            self._call_in_order(event, iter(calls))
        elif event == ERROR:
            fields = {"error": type(args[0]).__name__}
            _logger.warning("conversation error without a handler", extra={"fields": fields})

    def _call_in_order(self, event: str, calls: Iterator[Call]) -> None:
        for call in calls:
            try:
                result = call()
            except Exception as error:  # noqa: BLE001 - handlers may raise anything
                self._report(event, error)
            else:
                if inspect.isawaitable(result):
                    self._tasks.start(self._owner, self._call_after(result, event, calls))
                    return

    async def _call_after(self, result: Any, event: str, calls: Iterator[Call]) -> None:
        try:
            await result
        except Exception as error:  # noqa: BLE001 - handlers may raise anything
            self._report(event, error)
        self._call_in_order(event, calls)

    def _report(self, event: str, error: Exception) -> None:
        if event == ERROR:
            _logger.error("the error handler failed", exc_info=error)
        else:
            self.emit(ERROR, error)
