"""One text conversation through the official client; the only module that imports it.

Importing it takes a second: nothing else may import this module at its top.
https://elevenlabs.io/docs/eleven-agents/libraries/python
"""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
import time
from typing import TYPE_CHECKING

import httpx
from elevenlabs.client import ElevenLabs
from elevenlabs.conversational_ai.conversation import (
    Conversation,
    DisconnectionDetails,
)
from elevenlabs.core.api_error import ApiError

from cli.ear import Ear
from cli.errors import CommandError
from cli.exchange import Ended, Event, Exchange

if TYPE_CHECKING:
    from cli.screen import Screen
    from cli.target import Target

_CONNECT_SECONDS = 15.0
_REQUEST_SECONDS = 10.0
_END_SECONDS = 3.0
_POLL_SECONDS = 0.02
_STANDARD_INPUT = 0


def converse(target: Target, screen: Screen, *, waits_for_answers: bool) -> int:
    """Hold one conversation on standard input and output; returns the exit code.

    Raises CommandError when it can't begin, or breaks off.
    """
    # Whatever the client logs as an error also comes through its callbacks.
    logging.getLogger("elevenlabs").addHandler(logging.NullHandler())
    logging.getLogger("elevenlabs").propagate = False
    events: queue.SimpleQueue[Event] = queue.SimpleQueue()
    ear = Ear(screen, events)
    conversation = _prepare(target, ear, events)
    exchange = Exchange(
        lambda text: _say(conversation, ear, screen, text),
        screen,
        events,
        waits_for_answers=waits_for_answers,
        silence="no answer yet; the server's log says why",
    )
    try:
        _open(conversation, target, events)
        screen.note("connected; /quit or Ctrl-D ends it")
        exchange.run(_STANDARD_INPUT)
    except KeyboardInterrupt:
        """Ctrl-C is one of the ways to leave."""
    finally:
        _close(conversation)
    screen.note("bye")
    return 0


def _prepare(target: Target, ear: Ear, events: queue.SimpleQueue[Event]) -> Conversation:
    return Conversation(
        ElevenLabs(api_key=target.api_key, base_url=target.base_url, timeout=_REQUEST_SECONDS),
        target.engine_id,
        requires_auth=target.api_key is not None,
        callback_agent_chat_response_part=ear.hear_part,
        callback_agent_response=ear.hear_whole,
        callback_disconnect=lambda details: events.put(Ended(_describe_end(details, target))),
    )


def _say(conversation: Conversation, ear: Ear, screen: Screen, text: str) -> None:
    ear.expect_answer()
    try:
        conversation.send_user_message(text)
    except Exception:  # noqa: BLE001 - of any library below; the event says why it ended
        screen.note("not sent: the connection is lost")


def _open(conversation: Conversation, target: Target, events: queue.SimpleQueue[Event]) -> None:
    try:
        conversation.start_session()  # type: ignore[no-untyped-call]
    except (ApiError, httpx.HTTPError) as error:
        raise CommandError(_describe_refusal(error, target)) from None
    _wait_until_open(conversation, target, events)


def _wait_until_open(
    conversation: Conversation, target: Target, events: queue.SimpleQueue[Event]
) -> None:
    deadline = time.monotonic() + _CONNECT_SECONDS
    # The client has no callback for it: its id is set by the platform's first frame.
    while conversation._conversation_id is None:  # noqa: SLF001
        if time.monotonic() > deadline:
            raise CommandError(f"no answer from {target.base_url}; try again")
        try:
            event = events.get(timeout=_POLL_SECONDS)
        except queue.Empty:
            continue
        if isinstance(event, Ended):
            raise CommandError(f"can't talk to {target.engine_id}: {event.reason}")


def _close(conversation: Conversation) -> None:
    conversation.end_session()  # type: ignore[no-untyped-call]
    # The client looks up every half second; its closing handshake may take longer.
    waiting = threading.Thread(target=_wait_for_end, args=(conversation,), daemon=True)
    waiting.start()
    waiting.join(_END_SECONDS)


def _wait_for_end(conversation: Conversation) -> None:
    with contextlib.suppress(RuntimeError):  # it never started
        conversation.wait_for_session_end()


def _describe_end(details: DisconnectionDetails, target: Target) -> str:
    if details.close_code is None:
        return " ".join((details.message or details.reason).split())
    reason = details.close_reason or ("by the agent" if details.reason == "agent" else "no reason")
    return f"{reason} (code {details.close_code}); {target.after_end(details.close_code)}"


def _describe_refusal(error: ApiError | httpx.HTTPError, target: Target) -> str:
    if isinstance(error, httpx.HTTPError):
        return f"can't reach {target.base_url}: {type(error).__name__}; check the network"
    if error.status_code in {401, 403}:
        return f"{target.base_url} refused ELEVENLABS_API_KEY ({error.status_code}); check the key"
    if error.status_code == 404:
        return f"no engine {target.engine_id} at {target.base_url}; check ENGINE"
    return f"{target.base_url} answered {error.status_code}; try again"
