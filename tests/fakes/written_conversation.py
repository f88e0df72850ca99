"""A conversation's items as the server itself makes them, with all that they can have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.redaction import Redactor
from service.transcripts.events import Began, Call, Ended, Event, Spoke
from service.transcripts.items import MOST_TEXT_BYTES, ItemRules
from service.transcripts.scribe import Scribe
from speech_engine import ConversationMessage, Turn

if TYPE_CHECKING:
    from service.transcripts.items import Item

NAME = "conv_1"
START = 1_800_000_000.0
LONG = "long " * (MOST_TEXT_BYTES // 4)
"""An answer that one item has no room for."""

_RULES = ItemRules(days=30, shards=4, keeps_text=True, environment="test", agent="agent:answer")


def write_down(started_at: float = START) -> list[Item]:
    """The items of two turns: the first answer was heard in part, the second is `LONG`."""
    scribe = Scribe(_RULES, Redactor())
    call = Call(conversation_id=NAME, started_at=started_at, engine_id="seng_1", user="me")
    call.ending = "closed"
    hello, card = ("user", "hello"), ("user", "my card is 4111 1111 1111 1111")
    first = _make_turn(1, hello, answer="Your table is booked")
    second = _make_turn(2, hello, ("agent", "Your table"), card, answer=LONG)
    events: list[Event] = [
        Began(call),
        Spoke(call, first, started_at + 11),
        Spoke(call, second, started_at + 21),
        Ended(call, started_at + 30, 1000),
    ]
    return [dict(item) for event in events for item in scribe.write_down(event)]


def _make_turn(event_id: int, *messages: tuple[str, str], answer: str) -> Turn:
    said = tuple(ConversationMessage(role, text) for role, text in messages)
    turn = Turn(event_id, 10.0, said)
    turn.texts, turn.written, turn.first_chunk_at = [answer], 1, 10.25
    turn.notes["model"] = "echo"
    turn.end("complete", 11.0)
    return turn
