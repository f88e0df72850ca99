"""The tools of an agent (`@tool` makes one), and the round in which a model calls some of them.

What a model asks for is untrusted: names are looked up in the given tools alone, arguments are
validated, each call has its time limit, and a failure is a text for the model. It knows no model.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Self

from agents.prompt import ToolResult
from agents.tool_arguments import BadArguments, ToolError
from agents.tool_function import Tool, tool

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from agents.prompt import ToolCall
    from speech_engine import SpeechEngineSession

FILLER_AFTER_SECONDS = 0.7
"""How long a round may take in silence before a filler is said."""

MAX_CALLS = 16
"""How many calls of one round are carried out: a model may be talked into asking for more."""

_MAX_CHARACTERS = 8_000
_CUT = " … (cut)"
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")

NO_TOOL = "unknown_tool"
"""What a call is named that asked for no tool of ours."""

_FAILED = "The tool failed. Do not call it again now; tell the user that it did not work."
_TOO_SLOW = "The tool took too long. It may or may not have had its effect."
_UNKNOWN = "There is no tool of this name. Use only the tools that you were given."
_TOO_MANY = "Not carried out: too many calls at once. Call fewer."

logger = logging.getLogger("agents.tools")

__all__ = [
    "FILLER_AFTER_SECONDS",
    "MAX_CALLS",
    "NO_TOOL",
    "Tool",
    "ToolError",
    "ToolRun",
    "Toolbox",
    "tool",
]


class Toolbox:
    """The tools of one agent. Raises ToolError for names that clash or that providers refuse."""

    def __init__(self, tools: Iterable[Tool] = ()) -> None:
        self._tools: dict[str, Tool] = {}
        for each in tools:
            self._add(each)
        self.specs = tuple(each.spec for each in self._tools.values())

    def _add(self, given: Tool) -> None:
        if not isinstance(given, Tool):
            raise ToolError(
                f"{getattr(given, '__name__', given)!r} is no tool; write @tool above the function"
            )
        name = given.spec.name
        if not _NAME.fullmatch(name):
            raise ToolError(
                f"tool {name!r} can't be called so: letters, digits, _ and -, at most 64"
            )
        if name in self._tools:
            raise ToolError(f"there are two tools called {name!r}; rename one")
        self._tools[name] = given

    def start(self, calls: Sequence[ToolCall], session: SpeechEngineSession) -> ToolRun:
        """Begin all calls of a round at once. Use it as `with toolbox.start(…) as run:`."""
        loop = asyncio.get_running_loop()
        return ToolRun(
            [
                (
                    loop.create_task(self._carry_out(call, session, position)),
                    self._tools.get(call.name),
                )
                for position, call in enumerate(calls)
            ]
        )

    async def _carry_out(
        self, call: ToolCall, session: SpeechEngineSession, position: int
    ) -> ToolResult:
        chosen = self._tools.get(call.name)
        begun = time.monotonic()
        try:
            if chosen is None:
                raise _Failure("unknown_tool", _UNKNOWN)
            if position >= MAX_CALLS:
                raise _Failure("too_many_calls", _TOO_MANY)
            return ToolResult(call, await _call_within_limit(chosen, call.arguments, session))
        except _Failure as failure:
            _log(failure, chosen, time.monotonic() - begun, session)
            # A name that a model has made up may be a caller's words: it goes no further.
            known = call if chosen is not None else replace(call, name=NO_TOOL)
            return ToolResult(known, failure.text, failed=True)


class ToolRun:
    """The calls of one round while they run; leaving its `with` block cancels what still does."""

    def __init__(self, tasks: Sequence[tuple[asyncio.Task[ToolResult], Tool | None]]) -> None:
        self._tasks = tasks

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for task, _tool in self._tasks:
            task.cancel()

    @property
    def filler(self) -> str | None:
        """What the first tool that still runs and has a filler wants said meanwhile."""
        running = (chosen for task, chosen in self._tasks if chosen and not task.done())
        return next((chosen.filler for chosen in running if chosen.filler), None)

    async def wait(self, seconds: float | None = None) -> bool:
        """Wait until all calls have ended, or for so long; returns whether they have."""
        unfinished = [task for task, _ in self._tasks if not task.done()]
        if not unfinished:
            return True
        _, pending = await asyncio.wait(unfinished, timeout=seconds)
        return not pending

    async def results(self) -> tuple[ToolResult, ...]:
        """What all calls gave, in their order; it takes as long as the longest time limit."""
        await self.wait()
        return tuple(task.result() for task, _ in self._tasks)


class _Failure(Exception):
    """A call has failed: why, for the log, and a text for the model."""

    def __init__(self, reason: str, text: str, error: BaseException | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.text = text
        self.error = error


async def _call_within_limit(chosen: Tool, arguments: str, session: SpeechEngineSession) -> str:
    task = chosen.start(arguments, session)
    try:
        # Not asyncio.timeout: a tool that refuses to be cancelled is left behind.
        await asyncio.wait({task}, timeout=chosen.seconds)
    finally:
        task.cancel()
    if not task.done():
        raise _Failure("too_slow", _TOO_SLOW)
    if task.cancelled():
        raise _Failure("cancelled", _FAILED)
    error = task.exception()
    if isinstance(error, BadArguments):
        raise _Failure("bad_arguments", str(error))
    if error is not None:
        raise _Failure("exception", _FAILED, error)
    return _as_text(task.result())


def _as_text(value: object) -> str:
    from pydantic_core import to_json

    text = value if isinstance(value, str) else None
    if text is None or not text.strip():  # some providers refuse a blank result
        try:
            text = to_json(value).decode()
        except ValueError as error:
            raise _Failure("no_json", _FAILED, error) from None
    if len(text) > _MAX_CHARACTERS:
        text = text[: _MAX_CHARACTERS - len(_CUT)] + _CUT
    return text.encode(errors="replace").decode()  # a lone surrogate fits into no request


def _log(
    failure: _Failure, chosen: Tool | None, seconds: float, session: SpeechEngineSession
) -> None:
    turn = session.turn
    # A name that is no tool's is the model's own text.
    fields = {
        "conversation_id": session.conversation_id,
        "event_id": None if turn is None else turn.event_id,
        "tool": chosen.spec.name if chosen else None,
        "reason": failure.reason,
        "duration_ms": round(seconds * 1000),
    }
    logger.warning("tool failed", exc_info=failure.error, extra={"fields": fields})
