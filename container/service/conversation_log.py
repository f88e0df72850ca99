"""What the log says about conversations: started, each turn, ended, and what went wrong.

It listens to the runtime's events and passes them on to the agent's own handlers. It logs no text
of anybody's; ids, counts, times and exception types only.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from service.engine_id import read_engine_id

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from speech_engine import SpeechEngineSession, Turn

    Handler = Callable[..., Any]

logger = logging.getLogger("service.conversation")


@dataclass(slots=True)
class _Record:
    started_at: float
    fields: dict[str, str]
    turns: int = 0


class ConversationLog:
    """Writes one line for each event of every conversation of one server."""

    def __init__(
        self,
        engine_id_header: str,
        agent: Mapping[str, Handler],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine_id_header = engine_id_header
        self._agent = agent
        self._clock = clock
        self._records: dict[SpeechEngineSession, _Record] = {}

    def handlers(self) -> dict[str, Handler]:
        """The keyword handlers for the server: the agent's own, with the log's in front."""
        return {
            **self._agent,
            "on_init": self._on_init,
            "on_error": self._on_error,
            "on_turn_ended": self._on_turn_ended,
            "on_first_chunk_late": self._on_first_chunk_late,
            "on_ended": self._on_ended,
        }

    # Not async: a coroutine's first step could come after the conversation's end. What the agent's
    # handler returns goes to the runtime, which awaits it if it has to be.

    def _on_init(self, conversation_id: str, session: SpeechEngineSession) -> object:
        if session not in self._records:
            record = _Record(self._clock(), self._identify(conversation_id, session))
            self._records[session] = record
            logger.info("conversation started", extra=record.fields)
        handler = self._agent.get("on_init")
        return handler(conversation_id, session) if handler else None

    def _on_error(self, error: Exception, session: SpeechEngineSession) -> object:
        logger.error("error in conversation", exc_info=error, extra=self._fields(session))
        handler = self._agent.get("on_error")
        return handler(error, session) if handler else None

    def _on_turn_ended(self, turn: Turn, session: SpeechEngineSession) -> object:
        record = self._records.get(session)
        if record is not None:
            record.turns += 1
        logger.info(
            "turn ended",
            extra={
                **turn.notes,
                **self._fields(session),
                "event_id": turn.event_id,
                "outcome": turn.outcome,
                "chunks": turn.chunks,
                "first_chunk_ms": _milliseconds(turn.started_at, turn.first_chunk_at),
                "duration_ms": _milliseconds(turn.started_at, turn.ended_at),
            },
        )
        handler = self._agent.get("on_turn_ended")
        return handler(turn, session) if handler else None

    def _on_first_chunk_late(self, turn: Turn, session: SpeechEngineSession) -> object:
        logger.warning(
            "first chunk late", extra={**self._fields(session), "event_id": turn.event_id}
        )
        handler = self._agent.get("on_first_chunk_late")
        return handler(turn, session) if handler else None

    def _on_ended(self, session: SpeechEngineSession) -> object:
        self._log_end(session)
        handler = self._agent.get("on_ended")
        return handler(session) if handler else None

    def _log_end(self, session: SpeechEngineSession) -> None:
        record = self._records.pop(session, None)
        if record is None:
            logger.warning("connection ended before init", extra={"close_code": session.close_code})
            return
        logger.info(
            "conversation ended",
            extra={
                **record.fields,
                "duration_seconds": round(self._clock() - record.started_at, 3),
                "turns": record.turns,
                "close_code": session.close_code,
            },
        )

    def _fields(self, session: SpeechEngineSession) -> dict[str, str]:
        record = self._records.get(session)
        if record is not None:
            return record.fields
        return {"conversation_id": session.conversation_id} if session.conversation_id else {}

    def _identify(self, conversation_id: str, session: SpeechEngineSession) -> dict[str, str]:
        engine_id = read_engine_id(session, self._engine_id_header)
        return {
            "conversation_id": conversation_id,
            **({"engine_id": engine_id} if engine_id else {}),
        }


def _milliseconds(start: float, end: float | None) -> float | None:
    return None if end is None else round((end - start) * 1000, 1)
