"""Makes items of what happened in conversations: what is new, numbered, redacted, told by turn.

Pure but for what it remembers of each conversation; it runs in one thread, not the event loop's.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Protocol

from service.transcripts.conversation import Answer, Conversation
from service.transcripts.events import Began, Ended, Spoke
from service.transcripts.history import History
from service.transcripts.items import MOST_TEXT_BYTES, format_time, make_head, make_message
from service.transcripts.texts import cut_at_redaction, make_name, make_storable, split_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from service.transcripts.events import Call, Event
    from service.transcripts.items import Item, ItemRules
    from speech_engine import Turn

logger = logging.getLogger("service.transcripts")

_UNREDACTED = "failed"


class Redactor(Protocol):
    """What takes out of a text what must not be stored."""

    def redact(self, text: str) -> tuple[str, Iterable[str]]:
        """The text without it, and the kinds of what was in it."""
        ...


class NoRedaction:
    """Leaves every text as it is."""

    def redact(self, text: str) -> tuple[str, Iterable[str]]:
        """The same text."""
        return text, ()


class Scribe:
    """Writes down the conversations of one server."""

    def __init__(self, rules: ItemRules, redactor: Redactor) -> None:
        self._rules = rules
        self._redactor = redactor

    def write_down(self, event: Event) -> list[Item]:
        """The items that an event adds, or puts in the place of earlier ones."""
        conversation = event.call.conversation
        if conversation is None:
            # Also when the beginning found no room: what follows is worth as much.
            conversation = event.call.conversation = self._begin(event.call)
        match event:
            case Began():
                return [make_head(self._rules, conversation)]
            case Spoke(_, turn, at):
                return self._tell_turn(conversation, turn, at)
            case Ended(call, at, code):
                call.conversation = None
                end: dict[str, str | int] = {"ended_at": format_time(at), "ending": call.ending}
                end.update({} if code is None else {"close_code": code})
                return [make_head(self._rules, conversation, end)]

    def _begin(self, call: Call) -> Conversation:
        about = {"engine_id": call.engine_id, "user": call.user}
        return Conversation(
            conversation_id=make_name(call.conversation_id),
            started_at=call.started_at,
            history=History(),
            about={name: make_name(value) for name, value in about.items() if value},
        )

    def _tell_turn(self, conversation: Conversation, turn: Turn, at: float) -> list[Item]:
        """What the user said since the last turn, and the answer as sent."""
        assert turn.ended_at is not None
        started_at = at - (turn.ended_at - turn.started_at)
        conversation.begin_turn(turn.event_id)
        new, heard = conversation.history.take_new(turn.transcript)
        items = self._tell_heard(conversation.last_answer, heard)
        conversation.last_answer = None
        for said in new:
            items += self._tell(conversation, said.role, said.content, started_at)
        answered_at = started_at + ((turn.first_chunk_at or turn.ended_at) - turn.started_at)
        return items + self._tell_answer(conversation, turn, answered_at)

    def _tell_answer(self, conversation: Conversation, turn: Turn, at: float) -> list[Item]:
        sent = "".join(turn.texts[: turn.written])
        items = self._tell(conversation, "agent", sent, at, _tell_facts(turn))
        if sent:
            conversation.history.add_answer()
            if self._rules.keeps_text:
                conversation.last_answer = Answer(sent, items[0])
        return items

    def _tell_heard(self, answer: Answer | None, heard: str | None) -> list[Item]:
        """The last answer's item once more, if the platform shows it otherwise than it was sent."""
        if answer is None or heard is None or heard.split() == answer.sent.split():
            return []
        text, kinds = self._redact(heard)
        found = sorted({*str(answer.item.get("redacted", "")).split(","), *kinds} - {""})
        item = {**answer.item, **({"redacted": ",".join(found)} if found else {})}
        if text is not None and "text" in item:
            text = cut_at_redaction(text, str(item["text"])) if found else text
            item["heard"] = split_text(text, MOST_TEXT_BYTES)[0]
        return [item]

    def _tell(
        self,
        conversation: Conversation,
        role: str,
        said: str,
        at: float,
        facts: dict[str, str | int] | None = None,
    ) -> list[Item]:
        text, kinds = self._redact(said)
        redacted = {"redacted": ",".join(kinds)} if kinds else {}
        return make_message(
            self._rules,
            conversation,
            role=make_name(role),
            at=at,
            characters=len(said),
            text=text,
            facts={**redacted, **(facts or {})},
        )

    def _redact(self, text: str) -> tuple[str | None, list[str]]:
        """The text as it may be stored, None if not at all, and what was found in it."""
        if not self._rules.keeps_text:
            return None, []
        try:
            redacted, kinds = self._redactor.redact(make_storable(text))
            return make_storable(redacted), sorted(set(kinds))
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not let a text out
            logger.error("redaction failed", extra={"error_type": type(error).__name__})
            return None, [_UNREDACTED]


def _tell_facts(turn: Turn) -> dict[str, str | int]:
    """How a turn ended: its outcome, times in milliseconds, chunks, and the model that answered."""
    assert turn.ended_at is not None
    is_superseded = turn.outcome == "interrupted" and not turn.written
    facts: dict[str, str | int] = {
        "outcome": "superseded" if is_superseded else str(turn.outcome),
        "duration_ms": round((turn.ended_at - turn.started_at) * 1000),
        "chunks": turn.written,
    }
    if turn.first_chunk_at is not None:
        facts["first_chunk_ms"] = round((turn.first_chunk_at - turn.started_at) * 1000)
    if model := turn.notes.get("model"):
        facts["model"] = make_name(str(model))
    return facts
