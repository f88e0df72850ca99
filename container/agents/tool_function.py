"""One tool: a function that an agent calls while it speaks; `@tool` makes one.

A tool knows its function and its limits. Who asks for it, and what for, it does not know.
"""

from __future__ import annotations

import asyncio
import inspect
import re
from functools import partial
from typing import TYPE_CHECKING, Any, overload

from agents.prompt import ToolSpec
from agents.tool_arguments import ToolArguments, ToolError
from speech_engine.threads import ThreadPool

if TYPE_CHECKING:
    from collections.abc import Callable

    from speech_engine import SpeechEngineSession

# Of one tool: one that hangs keeps its own threads and nobody else's.
_MAX_THREADS = 16
_ARGUMENTS_SECTION = re.compile(r"^Args:\s*$", re.MULTILINE)
_ARGUMENT = re.compile(r"^ +(\w+)(?: *\([^)]*\))?: *(.*(?:\n {6,}\S.*)*)", re.MULTILINE)


class Tool:
    """A function with what a model is told of it. Calling it calls the function."""

    def __init__(
        self, function: Callable[..., Any], *, seconds: float = 5.0, filler: str | None = None
    ) -> None:
        """`seconds` is how long a call may take. Raises ToolError."""
        name = getattr(function, "__name__", type(function).__name__)
        documentation = inspect.getdoc(function) if inspect.isroutine(function) else None
        if not documentation:
            raise ToolError(f"tool {name!r} has no docstring; a model chooses tools by it")
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise ToolError(f"tool {name!r} yields; return the whole result")
        if seconds <= 0:
            raise ToolError(f"tool {name!r} has a time limit of {seconds:g} s; give it some")
        self._function = function
        self._arguments = ToolArguments(function, _read_descriptions(documentation))
        self._threads = ThreadPool(_MAX_THREADS)
        self._running: set[asyncio.Task[object]] = set()
        self.seconds = seconds
        self.filler = filler
        """Said when the tool takes a while; None leaves the choice to the assistant."""
        self.spec = ToolSpec(
            name, _ARGUMENTS_SECTION.split(documentation)[0].strip(), self._arguments.schema
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function as if it were no tool."""
        return self._function(*args, **kwargs)

    def start(self, arguments: str, session: SpeechEngineSession) -> asyncio.Task[object]:
        """Begin a call with a model's arguments; the task raises BadArguments, or what it raises.

        A plain function runs in a thread: cancelling the task does not end what has begun there.
        """
        task = asyncio.get_running_loop().create_task(self._run(arguments, session))
        self._running.add(task)
        task.add_done_callback(self._settle)
        return task

    async def _run(self, arguments: str, session: SpeechEngineSession) -> object:
        values = self._arguments.read(arguments, session)
        try:
            if inspect.iscoroutinefunction(self._function):
                return await self._function(**values)
            result = await self._threads.run(partial(self._function, **values))
            return await result if inspect.isawaitable(result) else result
        except SystemExit as error:
            # It would end the event loop, and with it every conversation.
            raise RuntimeError("the tool raised SystemExit") from error

    def _settle(self, task: asyncio.Task[object]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # looked at: one that nobody waits for any more is not logged


@overload
def tool(function: Callable[..., Any], /) -> Tool: ...


@overload
def tool(
    *, seconds: float = 5.0, filler: str | None = None
) -> Callable[[Callable[..., Any]], Tool]: ...


def tool(
    function: Callable[..., Any] | None = None,
    /,
    *,
    seconds: float = 5.0,
    filler: str | None = None,
) -> Tool | Callable[[Callable[..., Any]], Tool]:
    """Make a tool of a function: `@tool`, or `@tool(seconds=2, filler="Let me look.")`.

    The model sees its name, its docstring and its typed parameters, described by
    `Annotated[…, Field(description=…)]` or under `Args:`. A parameter called `session`, or of the
    type SpeechEngineSession, is handed in and hidden from the model. What it returns is read by the
    model: a text as it is, anything else as JSON. A plain function runs in a thread.

    Raises ToolError for a function that no model could call.
    """
    if function is None:
        return partial(Tool, seconds=seconds, filler=filler)
    return Tool(function, seconds=seconds, filler=filler)


def _read_descriptions(documentation: str) -> dict[str, str]:
    """What a docstring says of each parameter under `Args:`."""
    _, *sections = _ARGUMENTS_SECTION.split(documentation, maxsplit=1)
    section = sections[0].partition("\n\n")[0] if sections else ""
    return {name: " ".join(text.split()) for name, text in _ARGUMENT.findall(section)}
