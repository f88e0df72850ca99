"""The developer's callbacks: the keyword handlers of a server and the listeners of a session."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import partial
from typing import Any, Self, TypedDict

from . import events

Handler = Callable[..., Any]
Call = Callable[[], Any]


class HandlerKeywords(TypedDict, total=False):
    """The handlers that servers, engines and attachments take as keywords; sync or async."""

    on_init: Handler | None
    on_transcript: Handler | None
    on_close: Handler | None
    on_disconnect: Handler | None
    on_error: Handler | None
    on_first_chunk_late: Handler | None
    on_turn_ended: Handler | None
    on_ended: Handler | None


@dataclass(frozen=True, slots=True)
class Handlers:
    """One server's keyword handlers, shared by all its sessions."""

    on_init: Handler | None = None
    on_transcript: Handler | None = None
    on_close: Handler | None = None
    on_disconnect: Handler | None = None
    on_error: Handler | None = None
    on_first_chunk_late: Handler | None = None
    on_turn_ended: Handler | None = None
    on_ended: Handler | None = None
    is_transcript_async: bool = field(init=False, default=True)

    def __post_init__(self) -> None:
        if self.on_transcript is not None:
            object.__setattr__(self, "is_transcript_async", is_async(self.on_transcript))

    @classmethod
    def from_keywords(cls, keywords: HandlerKeywords) -> Self:
        """Check the keywords of a public call. Raises TypeError for an unknown or unusable one."""
        known = list(_KEYWORD_OF_EVENT.values())
        for name, handler in keywords.items():
            if name not in known:
                close = get_close_matches(name, known, n=1)
                hint = f"; did you mean {close[0]!r}?" if close else f"; known: {', '.join(known)}"
                raise TypeError(f"unknown handler keyword {name!r}{hint}")
            if handler is not None and not callable(handler):
                raise TypeError(f"{name} must be callable, not {type(handler).__name__}")
        return cls(**keywords)


NO_HANDLERS = Handlers()

_KEYWORD_OF_EVENT = {
    events.INIT: "on_init",
    events.USER_TRANSCRIPT: "on_transcript",
    events.CLOSE: "on_close",
    events.DISCONNECTED: "on_disconnect",
    events.ERROR: "on_error",
    events.FIRST_CHUNK_LATE: "on_first_chunk_late",
    events.TURN_ENDED: "on_turn_ended",
    events.ENDED: "on_ended",
}


class Listeners:
    """What one session listens to: its server's handlers, then `on`, then `once` listeners."""

    __slots__ = ("_handlers", "_on", "_once")

    def __init__(self, handlers: Handlers = NO_HANDLERS) -> None:
        self._handlers = handlers
        # Most sessions have keyword handlers only: the dicts are made on first use.
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

    def keyword_handler(self, event: str) -> Handler | None:
        """The server's own handler for ``event``."""
        name = _KEYWORD_OF_EVENT.get(event)
        handler: Handler | None = getattr(self._handlers, name) if name else None
        return handler

    def take_listeners(self, event: str) -> list[Handler]:
        """The `on` and `once` listeners of ``event`` in order; the latter are forgotten."""
        if self._on is None and self._once is None:
            return []
        lasting = self._on.get(event, []) if self._on else []
        single = self._once.pop(event, []) if self._once else []
        return [*lasting, *single]

    def take_calls(self, event: str, session: object, *args: Any) -> list[Call]:
        """Every handler of ``event`` bound to its arguments; keyword handlers get the session."""
        calls: list[Call] = [partial(listener, *args) for listener in self.take_listeners(event)]
        handler = self.keyword_handler(event)
        if handler is not None:
            calls.insert(0, partial(handler, *args, session))
        return calls


def is_async(handler: Handler) -> bool:
    """Whether calling ``handler`` gives a coroutine: functions, partials, methods, objects."""
    while isinstance(handler, partial):
        handler = handler.func
    return inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(
        getattr(handler, "__call__", None)  # noqa: B004 - its kind is asked, not its presence
    )
