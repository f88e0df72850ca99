"""Writes down what is said: listens to the runtime, and passes its events on to the agent.

It turns conversations and turns into items. Nothing here waits, and no agent sees any of it.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from service.engine_id import read_engine_id
from service.transcripts.history import History
from service.transcripts.items import Conversation, format_time, make_head, make_message

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from service.transcripts.items import Item, ItemRules
    from speech_engine import SpeechEngineSession, Turn

    Handler = Callable[..., Any]


class TranscriptLog:
    """Puts the items of every conversation of one server."""

    def __init__(
        self,
        put: Callable[..., None],
        rules: ItemRules,
        agent: Mapping[str, Handler],
        *,
        engine_id_header: str,
        max_history_messages: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`put` takes items in without waiting; `clock` gives epoch seconds."""
        self._put = put
        self._rules = rules
        self._agent = agent
        self._engine_id_header = engine_id_header
        self._max_history_messages = max_history_messages
        self._clock = clock
        self._conversations: dict[SpeechEngineSession, Conversation] = {}

    def handlers(self) -> dict[str, Handler]:
        """The agent's handlers, with the log's in front of three of them."""
        return {
            **self._agent,
            "on_init": self._on_init,
            "on_turn_ended": self._on_turn_ended,
            "on_ended": self._on_ended,
        }

    # Not async, for the conversation log's reason: a coroutine could come after the end.

    def _on_init(self, conversation_id: str, session: SpeechEngineSession) -> object:
        if session not in self._conversations:
            engine_id = read_engine_id(session, self._engine_id_header)
            about = {"engine_id": engine_id, "user": session.user}
            conversation = Conversation(
                conversation_id=conversation_id,
                started_at=self._clock(),
                history=History(self._max_history_messages),
                about={name: value for name, value in about.items() if value},
            )
            self._conversations[session] = conversation
            self._put(make_head(self._rules, conversation))
        handler = self._agent.get("on_init")
        return handler(conversation_id, session) if handler else None

    def _on_turn_ended(self, turn: Turn, session: SpeechEngineSession) -> object:
        conversation = self._conversations.get(session)
        if conversation is not None:
            items = self._make_messages(turn, conversation)
            if items:
                self._put(*items)
        handler = self._agent.get("on_turn_ended")
        return handler(turn, session) if handler else None

    def _on_ended(self, session: SpeechEngineSession) -> object:
        conversation = self._conversations.pop(session, None)
        if conversation is not None:
            code = session.close_code
            end: dict[str, str | int] = {"ended_at": format_time(self._clock())}
            end.update({} if code is None else {"close_code": code})
            self._put(make_head(self._rules, conversation, end))
        handler = self._agent.get("on_ended")
        return handler(session) if handler else None

    def _make_messages(self, turn: Turn, conversation: Conversation) -> list[Item]:
        """What the turn adds: what the user said since the last one, and the answer as sent."""
        assert turn.ended_at is not None
        now = self._clock()
        started_at = now - (turn.ended_at - turn.started_at)
        conversation.begin_turn(turn.event_id)
        items = [
            make_message(
                self._rules, conversation, role=heard.role, text=heard.content, at=started_at
            )
            for heard in conversation.history.take_new(turn.transcript)
        ]
        answer = "".join(turn.texts[: turn.written])
        if answer:
            conversation.history.add_answer()
        if answer or turn.failed:
            answered_at = started_at + ((turn.first_chunk_at or turn.ended_at) - turn.started_at)
            items.append(
                make_message(
                    self._rules,
                    conversation,
                    role="agent",
                    text=answer,
                    at=answered_at,
                    outcome=turn.outcome,
                )
            )
        return items
