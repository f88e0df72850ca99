"""One text conversation of ElevenLabs' own Python client, opened by a signed URL.

Importing it takes a second: nothing else may import this module at its top.
https://elevenlabs.io/docs/eleven-agents/libraries/python
"""

from __future__ import annotations

import logging
import queue
import time
import warnings
from dataclasses import dataclass
from typing import TypeAlias

import httpx
from elevenlabs.client import ElevenLabs

from local.cloud.errors import CloudError

with warnings.catch_warnings():
    # The official module still names a class that websockets has deprecated.
    warnings.simplefilter("ignore", DeprecationWarning)
    from elevenlabs.conversational_ai.conversation import Conversation, DisconnectionDetails

_OPEN_SECONDS = 10.0
_ANSWER_SECONDS = 15.0
_POLL_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class _Ended:
    """What is heard last."""

    reason: str


_Heard: TypeAlias = "queue.SimpleQueue[str | _Ended]"


class _SignedConversation(Conversation):
    """Takes its URL from our token endpoint instead of asking ElevenLabs with a key."""

    def __init__(self, client: ElevenLabs, url: str, heard: _Heard) -> None:
        super().__init__(
            client,
            "",
            requires_auth=True,
            callback_agent_response=heard.put,
            callback_disconnect=lambda details: heard.put(_Ended(_describe(details))),
        )
        self._url = url

    def _get_signed_url(self) -> str:
        return self._url


def converse(base_url: str, signed_url: str, texts: list[str]) -> tuple[str, list[str]]:
    """Say each text and wait for its answer; returns the conversation's id and the answers.

    Blocks. Raises CloudError when an answer does not come.
    """
    # Whatever the client logs as an error also comes through its callbacks.
    logging.getLogger("elevenlabs").addHandler(logging.NullHandler())
    logging.getLogger("elevenlabs").propagate = False
    heard: _Heard = queue.SimpleQueue()
    with httpx.Client(trust_env=False, timeout=10) as transport:
        client = ElevenLabs(api_key="", base_url=base_url, httpx_client=transport)
        conversation = _SignedConversation(client, signed_url, heard)
        conversation.start_session()  # type: ignore[no-untyped-call]
        try:
            _wait_until_open(conversation, heard)
            answers = [_exchange(conversation, heard, text) for text in texts]
        finally:
            conversation.end_session()  # type: ignore[no-untyped-call]
            conversation_id = conversation.wait_for_session_end()
    return conversation_id or "", answers


def _wait_until_open(conversation: Conversation, heard: _Heard) -> None:
    deadline = time.monotonic() + _OPEN_SECONDS
    # The client has no callback for it: its id is set by the platform's first frame.
    while conversation._conversation_id is None:  # noqa: SLF001
        if not heard.empty():
            first = heard.get()
            reason = first.reason if isinstance(first, _Ended) else "an answer came too early"
            raise CloudError(f"the conversation did not begin: {reason}")
        if time.monotonic() > deadline:
            raise CloudError(f"the conversation did not begin within {_OPEN_SECONDS:g} s")
        time.sleep(_POLL_SECONDS)


def _exchange(conversation: Conversation, heard: _Heard, text: str) -> str:
    conversation.send_user_message(text)
    try:
        answer = heard.get(timeout=_ANSWER_SECONDS)
    except queue.Empty:
        raise CloudError(f"the agent did not answer within {_ANSWER_SECONDS:g} s") from None
    if isinstance(answer, _Ended):
        raise CloudError(f"the conversation ended without an answer: {answer.reason}")
    return answer


def _describe(details: DisconnectionDetails) -> str:
    return " ".join((details.close_reason or details.message or details.reason).split())
