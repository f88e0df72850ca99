"""`speechctl talk --agent`: an agent is tried in this process, without server and platform."""

from __future__ import annotations

import contextlib
import os
import queue
from typing import TYPE_CHECKING, Any

from agents.providers.registry import PROVIDERS
from cli.agent_log import describe_error, show_log
from cli.ear import Ear
from cli.errors import CommandError
from cli.exchange import EndOfInput, Event, Exchange
from cli.loop_thread import LoopThread
from cli.rehearsal import Rehearsal
from service.agent_module import READY_MADE, AgentError, load_agent
from service.model_settings import read_model_settings
from service.models import equip, open_assistant
from service.variables import SettingsError, variable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from agents.assistant import Assistant
    from cli.screen import Screen
    from speech_engine import Turn

_DEFAULT_AGENT = "agent"
_MODELS = variable("models")
_STANDARD_INPUT = 0
_CLOSE_SECONDS = 3.0


def talk_to_agent(name: str, screen: Screen, *, waits_for_answers: bool) -> int:
    """Talk to an agent, or to the models that `name` lists; returns the exit code.

    In a pipe a failure of the agent's makes it 1. Raises CommandError for what is wrong before the
    first word.
    """
    handlers, assistant = _prepare(name, os.environ)
    events: queue.SimpleQueue[Event] = queue.SimpleQueue()
    listener = _Listener(screen, events)
    rehearsal = Rehearsal(handlers, listener)
    show_log(listener.tell_log)
    with LoopThread() as loop:

        def say(text: str) -> None:
            listener.expect_answer()
            loop.call(rehearsal.say, text)

        try:
            loop.run(_open(rehearsal, assistant))
            listener.begin()
            screen.note(f"{name} listens; /quit or Ctrl-D ends it")
            Exchange(say, screen, events, waits_for_answers=waits_for_answers).run(_STANDARD_INPUT)
        except KeyboardInterrupt:
            """Ctrl-C is one of the ways to leave."""
        except AgentError as error:
            raise CommandError(str(error)) from None
        finally:
            # What does not end by then may block the loop: it goes with the process.
            with contextlib.suppress(TimeoutError):
                loop.run(_close(rehearsal, assistant), _CLOSE_SECONDS)
    screen.note("bye")
    return 1 if listener.has_errors and waits_for_answers else 0


def _prepare(
    name: str, environ: Mapping[str, str]
) -> tuple[dict[str, Callable[..., Any]], Assistant | None]:
    """The handlers of the agent, and the assistant if it asks for one. Raises CommandError."""
    if not name.strip():
        raise CommandError(
            "--agent is empty; name a module such as agent, or models such as openai/gpt-5.4-mini"
        )
    names_models = _names_models(name)
    try:
        # What the person has just typed is checked first.
        settings = read_model_settings({**environ, _MODELS: name}) if names_models else None
        agent = load_agent(_DEFAULT_AGENT if names_models else name)
        settings = settings or read_model_settings(environ)
    except AgentError as error:
        raise CommandError(str(error)) from None
    except SettingsError as error:
        told = "; ".join(error.problems)
        raise CommandError(told.replace(_MODELS, "--agent") if names_models else told) from None
    handlers, assistant = equip(agent, settings)
    if names_models and assistant is None:
        raise CommandError(
            f"the agent {_DEFAULT_AGENT!r} asks no models: give its on_transcript a third"
            " parameter, assistant"
        )
    return handlers, assistant


def _names_models(name: str) -> bool:
    """Whether it is a list of models, with what a person may have mistyped, and not a module."""
    is_module = name.partition(":")[0].replace(".", "_").isidentifier()
    return not is_module or (name.lower() in PROVIDERS and name.lower() not in READY_MADE)


async def _open(rehearsal: Rehearsal, assistant: Assistant | None) -> None:
    if assistant is not None:
        await open_assistant(assistant)
    rehearsal.open()


async def _close(rehearsal: Rehearsal, assistant: Assistant | None) -> None:
    await rehearsal.close()
    if assistant is not None:
        await assistant.aclose()


class _Listener:
    """Shows what the agent says and does, and tells the exchange when an answer is whole."""

    def __init__(self, screen: Screen, events: queue.SimpleQueue[Event]) -> None:
        self._screen = screen
        self._events = events
        self._ear = Ear(screen, events)
        self._kept: list[str] | None = []
        self.has_errors = False

    def begin(self) -> None:
        """Show what was kept until it was known that the conversation begins."""
        kept, self._kept = self._kept or [], None
        for text in kept:
            self._screen.warn(text)

    def expect_answer(self) -> None:
        """The user is about to say something."""
        self._ear.expect_answer()

    def hear(self, text: str, *, is_first: bool) -> None:
        """Show a piece of the answer."""
        if is_first:
            self._ear.hear_part("", "start")
        self._ear.hear_part(text, "delta")

    def end_turn(self, turn: Turn) -> None:
        """Show how long it took, and who answered."""
        if turn.first_chunk_at is None:
            self._ear.hear_part("", "start")
            self._screen.aside("the answer had no words")
        else:
            waited_ms = (turn.first_chunk_at - turn.started_at) * 1000
            model = turn.notes.get("model")
            by = f", by {model}" if model else ""
            self._screen.aside(f"{waited_ms:.0f} ms to the first words{by}")
        self._ear.hear_part("", "stop")

    def tell_error(self, error: Exception) -> None:
        """Show what the agent's code did wrong; the conversation goes on."""
        self.tell_log(f"the agent failed: {describe_error(error)}", is_error=True)

    def tell_log(self, text: str, is_error: bool) -> None:
        """Show a line of the log; before the conversation it may only repeat why there is none."""
        if self._kept is not None:
            self._kept.append(text)
            return
        self.has_errors = self.has_errors or is_error
        self._screen.warn(text)

    def tell_end(self) -> None:
        """The agent has hung up."""
        self._screen.note("the agent has ended the conversation")
        self._events.put(EndOfInput())
