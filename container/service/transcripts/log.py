"""Listens to the runtime for the transcript log, and passes its events on to the agent.

It runs on the event loop, so it hands over references and nothing else. No agent sees any of it.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from service.engine_id import read_engine_id
from service.transcripts.events import Began, Call, Ended, Spoke

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from service.transcripts.events import Ending
    from speech_engine import SpeechEngineSession, Turn

    Handler = Callable[..., Any]

# With this code the server closes a socket that gives no sign of life: the other side is gone.
_NO_SIGN_OF_LIFE = 1011
# What Python takes for a message or a chunk beside its words, and at most for one character.
_PIECE_BYTES, _CHARACTER_BYTES = 200, 4


class TranscriptLog:
    """Hands over every conversation of one server."""

    def __init__(
        self,
        put: Callable[..., None],
        agent: Mapping[str, Handler],
        *,
        engine_id_header: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`put` is an `Intake`'s; `clock` gives epoch seconds."""
        self._put = put
        self._agent = agent
        self._engine_id_header = engine_id_header
        self._clock = clock
        self._calls: dict[SpeechEngineSession, Call] = {}

    def handlers(self) -> dict[str, Handler]:
        """The agent's handlers, with the log's in front of some of them."""
        own: dict[str, Handler] = {
            "on_init": self._on_init,
            "on_turn_ended": self._on_turn_ended,
            "on_close": self._on_close,
            "on_disconnect": self._on_disconnect,
            "on_ended": self._on_ended,
        }
        return {**self._agent, **own}

    # Not async, for the conversation log's reason: a coroutine could come after the end.

    def _on_init(self, conversation_id: str, session: SpeechEngineSession) -> object:
        if session not in self._calls:
            call = self._calls[session] = Call(
                conversation_id=conversation_id,
                started_at=self._clock(),
                engine_id=read_engine_id(session, self._engine_id_header),
                user=session.user,
            )
            self._put(Began(call))
        handler = self._agent.get("on_init")
        return handler(conversation_id, session) if handler else None

    def _on_turn_ended(self, turn: Turn, session: SpeechEngineSession) -> object:
        call = self._calls.get(session)
        if call is not None:
            self._put(Spoke(call, turn, self._clock()), _measure(turn))
        handler = self._agent.get("on_turn_ended")
        return handler(turn, session) if handler else None

    def _on_close(self, session: SpeechEngineSession) -> object:
        self._note_ending(session, "closed")
        handler = self._agent.get("on_close")
        return handler(session) if handler else None

    def _on_disconnect(self, session: SpeechEngineSession) -> object:
        is_own = session.closed_here and session.close_code != _NO_SIGN_OF_LIFE
        self._note_ending(session, "server" if is_own else "disconnected")
        handler = self._agent.get("on_disconnect")
        return handler(session) if handler else None

    def _on_ended(self, session: SpeechEngineSession) -> object:
        call = self._calls.pop(session, None)
        if call is not None:
            self._put(Ended(call, self._clock(), session.close_code))
        handler = self._agent.get("on_ended")
        return handler(session) if handler else None

    def _note_ending(self, session: SpeechEngineSession, ending: Ending) -> None:
        if session in self._calls:
            self._calls[session].ending = ending


def _measure(turn: Turn) -> int:
    """What a turn takes of the memory at most: it has the whole history, and the answer."""
    said, chunks = turn.transcript, turn.texts
    characters = sum([len(message.content) for message in said]) + sum(map(len, chunks))
    return _CHARACTER_BYTES * characters + _PIECE_BYTES * (len(said) + len(chunks) + 1)
