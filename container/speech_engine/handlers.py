"""The keyword handlers of a server, checked once and shared by its sessions."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Self, TypedDict

from . import events

Handler = Callable[..., Any]


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
        for name, handler in keywords.items():
            if name not in KEYWORD_OF_EVENT.values():
                raise TypeError(f"unknown handler keyword {name!r}{_hint(name)}")
            if handler is not None and not callable(handler):
                raise TypeError(f"{name} must be callable, not {type(handler).__name__}")
        return cls(**keywords)


KEYWORD_OF_EVENT = {
    events.INIT: "on_init",
    events.USER_TRANSCRIPT: "on_transcript",
    events.CLOSE: "on_close",
    events.DISCONNECTED: "on_disconnect",
    events.ERROR: "on_error",
    events.FIRST_CHUNK_LATE: "on_first_chunk_late",
    events.TURN_ENDED: "on_turn_ended",
    events.ENDED: "on_ended",
}


def is_async(handler: Handler) -> bool:
    """Whether calling ``handler`` gives a coroutine: functions, partials, methods, objects."""
    while isinstance(handler, partial):
        handler = handler.func
    return inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(
        getattr(handler, "__call__", None)  # noqa: B004 - its kind is asked, not its presence
    )


def _hint(name: str) -> str:
    # Imported here: only a mistake needs it, and every start would pay for it.
    from difflib import get_close_matches

    known = list(KEYWORD_OF_EVENT.values())
    close = get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; known: {', '.join(known)}"
