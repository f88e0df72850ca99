"""Finds the agent that a setting names, and checks it before anybody calls.

It knows Python modules and signatures; it does not run the agent.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import os
import traceback
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

READY_MADE = ("echo", "order_desk")
"""The agents that come with the project, modules of the package `agents`."""

ASSISTANT = "assistant"
"""The parameter of on_transcript that asks for the assistant."""

# What the quickstart imports for its main, whose part the service does.
_LEFT_OUT = {"dotenv", "elevenlabs"}
_OF_MODELS = {"aiobotocore", "anthropic", "google", "openai"}
_CONTAINER = Path(__file__).parents[1]

# What each handler is called with: https://elevenlabs.io/docs/eleven-agents/guides/speech-engine
_PARAMETERS = {
    "on_transcript": ("transcript", "session"),
    "on_init": ("conversation_id", "session"),
    "on_close": ("session",),
    "on_disconnect": ("session",),
    "on_error": ("error", "session"),
    "on_first_chunk_late": ("turn", "session"),
    "on_turn_ended": ("turn", "session"),
    "on_ended": ("session",),
}


class AgentError(Exception):
    """The agent can't be used; the message is one line with the reason and the remedy."""


def load_agent(name: str) -> dict[str, Callable[..., Any]]:
    """Import an agent and return its handlers by name; on_transcript is always among them.

    `name` is a ready-made agent (`echo`), a module (`agent`), or a module and the function to use
    as on_transcript (`agent:answer`). Raises AgentError.
    """
    module_name, _, function_name = name.partition(":")
    module = _import_agent(module_name)
    handlers = {
        handler: getattr(module, handler) for handler in _PARAMETERS if hasattr(module, handler)
    }
    _refuse_misspelt(module)
    wanted = function_name or "on_transcript"
    if not hasattr(module, wanted):
        raise AgentError(
            f"agent {name!r} has no {wanted}; add `async def {wanted}(transcript, session)` to"
            f" {_file_of(module)}"
        )
    handlers["on_transcript"] = getattr(module, wanted)
    for handler, function in handlers.items():
        _check_signature(module, handler, function)
    return handlers


def _refuse_misspelt(module: ModuleType) -> None:
    for name in vars(module):
        known = name in _PARAMETERS or not name.startswith("on_")
        if not known and (close := get_close_matches(name, _PARAMETERS, n=1, cutoff=0.8)):
            raise AgentError(f"{name} in {_file_of(module)} is no handler; write {close[0]}")


def _import_agent(module_name: str) -> ModuleType:
    full_name = _full_name(module_name)
    try:
        _refuse_main(full_name)
        return importlib.import_module(full_name)
    except AgentError:
        raise
    except SyntaxError as error:
        place = f"{Path(error.filename or full_name).name} line {error.lineno}"
        raise AgentError(
            f"agent {module_name!r} has a syntax error: {place}: {error.msg}"
        ) from None
    except ModuleNotFoundError as error:
        if error.name in {full_name, full_name.partition(".")[0]}:
            raise AgentError(
                f"agent {module_name!r} is not found; {_suggest(module_name)}"
            ) from None
        raise AgentError(_describe_failure(module_name, error)) from None
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a fork's own file may fail in any way
        raise AgentError(_describe_failure(module_name, error)) from None


def _refuse_main(full_name: str) -> None:
    """Refuse the quickstart's last line, at which an import would never end."""
    spec = importlib.util.find_spec(full_name)
    file = Path(spec.origin) if spec and spec.origin else None
    if file is None or file.suffix != ".py":
        return
    for number, line in enumerate(file.read_text("utf-8", "replace").splitlines(), start=1):
        if line.startswith("asyncio.run(main("):
            raise AgentError(
                f"{file.name} line {number} runs a program of its own; leave out main,"
                " the service does that part"
            )


def _suggest(module_name: str) -> str:
    close = get_close_matches(module_name.lower(), (*READY_MADE, "agent"), n=1, cutoff=0.7)
    return (
        f"did you mean {close[0]}?"
        if close
        else f"name a module on PYTHONPATH or one of {', '.join(READY_MADE)}"
    )


def _full_name(module_name: str) -> str:
    return f"agents.{module_name}" if module_name in READY_MADE else module_name


def _describe_failure(module_name: str, error: BaseException) -> str:
    reason = " ".join(str(error).split()) or "no message"
    return (
        f"agent {module_name!r} can't be imported: {type(error).__name__}{_place(error)}: {reason}"
        f"{_remedy(error)}"
    )


def _remedy(error: BaseException) -> str:
    package = (error.name or "").partition(".")[0] if isinstance(error, ModuleNotFoundError) else ""
    if package in _LEFT_OUT:
        return "; leave it out, the service does that part"
    if not package or (_CONTAINER / package).exists():
        return ""
    ways = "name a model of it in agent.models, or " if package in _OF_MODELS else ""
    return f"; {ways}add its package to the agent group of pyproject.toml, then run make lock"


def _place(error: BaseException) -> str:
    """Where it failed: the innermost line of the fork's own; libraries only hand the error on."""
    libraries = (__file__, str(Path(traceback.__file__).parent), "<frozen ")
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith(libraries) and "site-packages" not in frame.filename
    ]
    ours = tuple(f"{_CONTAINER / package}{os.sep}" for package in ("agents", "speech_engine"))
    # An agent may stand in one of these packages itself.
    own = [frame for frame in frames if not frame.filename.startswith(ours)] or frames
    return f" at {Path(own[-1].filename).name} line {own[-1].lineno}" if own else ""


def _check_signature(module: ModuleType, handler: str, function: object) -> None:
    parameters = _PARAMETERS[handler]
    forms = [parameters, (*parameters, ASSISTANT)] if handler == "on_transcript" else [parameters]
    written = " or ".join(f"{handler}({', '.join(form)})" for form in forms)
    remedy = f"write it as {written} in {_file_of(module)}"
    if not callable(function):
        raise AgentError(f"{handler} of the agent is not a function; {remedy}")
    try:
        _bind(handler, function)
    except TypeError as error:
        raise AgentError(
            f"{handler} of the agent has the wrong parameters ({error}); {remedy}"
        ) from None
    except ValueError:
        """A callable written in C may have no signature to look at."""


def _bind(handler: str, function: Callable[..., Any]) -> None:
    signature = inspect.signature(function)
    extra = {ASSISTANT: None} if wants_assistant(handler, function) else {}
    signature.bind(*_PARAMETERS[handler], **extra)


def wants_assistant(handler: str, function: Callable[..., Any]) -> bool:
    """Whether a handler has a parameter for the assistant; only on_transcript may."""
    if handler != "on_transcript":
        return False
    try:
        return ASSISTANT in inspect.signature(function).parameters
    except ValueError:
        return False  # a callable written in C


def _file_of(module: ModuleType) -> str:
    return Path(module.__file__).name if module.__file__ else module.__name__
