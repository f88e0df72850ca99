"""Owns conversations under load: turns asked, answers counted, delays noted, faults kept.

What to do after a chunk or an answer is the scenario's; how bytes travel is `connection`'s.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from bench import frames
from bench.connection import Connection
from bench.handshake import API_KEY, sign_token

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

OPENING_AT_ONCE = 16
ANSWER_SECONDS = 15.0
HISTORY = [
    {"role": "agent", "content": "Hello, this is the front desk. How can I help you today?"},
    {"role": "user", "content": "Hi. I would like to move my appointment to next Tuesday."},
    {"role": "agent", "content": "Of course. Would ten in the morning suit you?"},
]
QUESTION = "Ten is a little early, is there something in the afternoon?"


@lru_cache(maxsize=4096)
def transcript_frame(event_id: int) -> bytes:
    """Return the masked frame of a turn; conversations that reach the same id share it."""
    said = {"role": "user", "content": f"{QUESTION} {event_id}"}
    transcript = [*HISTORY, said]
    message = {"type": "user_transcript", "user_transcript": transcript, "event_id": event_id}
    return frames.client_frame(frames.TEXT, json.dumps(message).encode())


def init_frame(conversation_id: str) -> bytes:
    """Return the masked first frame of a conversation."""
    message = {"type": "init", "conversation_id": conversation_id}
    return frames.client_frame(frames.TEXT, json.dumps(message).encode())


@dataclass
class Tally:
    """What was received since the tally was laid out; delays in nanoseconds."""

    chunks: int = 0
    answers: int = 0
    interruptions: int = 0
    stale_chunks: int = 0
    first_chunk_ns: list[int] = field(default_factory=list)
    interruption_ns: list[int] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Target:
    """Where conversations go, and what a whole answer is."""

    port: int
    chunks_per_answer: int
    offer_deflate: bool = True


class Conversation(Connection):
    """One conversation that asks turn after turn, and holds each answer to its promise."""

    def __init__(self, target: Target, load: Load) -> None:
        super().__init__(target.port, sign_token(API_KEY), offer_deflate=target.offer_deflate)
        self.chunks = 0
        self.is_waiting = False
        self._target = target
        self._load = load
        self._event_id = 0
        self._asked_ns = 0
        self._chunk_tail = b""
        self._is_interrupting = False

    def ask(self) -> None:
        """Send the next transcript; while an answer is on its way this interrupts it."""
        self._is_interrupting = self.is_waiting
        self.is_waiting = True
        self.chunks = 0
        self._event_id += 1
        frame = transcript_frame(self._event_id)
        self._asked_ns = time.perf_counter_ns()
        self.write(frame)

    def read_message(self, payload: bytes) -> None:
        """Count one `agent_response`."""
        if self.chunks and payload.endswith(self._chunk_tail):
            self._count_chunk()
        elif response := frames.read_response(payload):
            self._read_response(response, payload)

    def _read_response(self, response: frames.Response, payload: bytes) -> None:
        if response.event_id != self._event_id:
            # Until the new turn's first chunk, chunks of the old one may still be on their way.
            self._load.tally.stale_chunks += self.chunks > 0
        elif response.is_final:
            self._end_answer()
        else:
            if not self.chunks:
                self._note_first_chunk(payload)
            self._count_chunk()

    def _note_first_chunk(self, payload: bytes) -> None:
        tally = self._load.tally
        delays = tally.interruption_ns if self._is_interrupting else tally.first_chunk_ns
        delays.append(time.perf_counter_ns() - self._asked_ns)
        tally.interruptions += self._is_interrupting
        self._chunk_tail = frames.fields_after_content(payload)

    def _count_chunk(self) -> None:
        self.chunks += 1
        self._load.tally.chunks += 1
        if self._load.after_chunk is not None:
            self._load.after_chunk(self)

    def _end_answer(self) -> None:
        tally, expected = self._load.tally, self._target.chunks_per_answer
        if not self.is_waiting:
            tally.faults["a second final frame"] += 1
        elif self.chunks != expected:
            tally.faults[f"an answer of {self.chunks} chunks, not {expected}"] += 1
        self.is_waiting = False
        tally.answers += 1
        self._load.after_answer(self)
        self._load.notice_change()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the load, which may be waiting for an answer that will never come."""
        super().connection_lost(exc)
        self._load.notice_change()


def _do_nothing(_conversation: Conversation) -> None:
    """The default reaction."""


class Load:
    """A set of conversations and the tally that they share."""

    def __init__(
        self,
        target: Target,
        *,
        after_chunk: Callable[[Conversation], None] | None = None,
        after_answer: Callable[[Conversation], None] = _do_nothing,
    ) -> None:
        self.tally = Tally()
        self.after_chunk = after_chunk
        self.after_answer = after_answer
        self.conversations: list[Conversation] = []
        self._target = target
        self._tallies = [self.tally]
        self._change = asyncio.Event()

    def start_tally(self) -> Tally:
        """Lay out a new tally, for a window of time, and return it."""
        self.tally = Tally()
        self._tallies.append(self.tally)
        return self.tally

    async def open(self, count: int) -> None:
        """Open `count` conversations, a few at a time, each with its `init` sent."""
        for start in range(0, count, OPENING_AT_ONCE):
            numbers = range(start, min(start + OPENING_AT_ONCE, count))
            await asyncio.gather(*(self._open_one(number) for number in numbers))

    async def _open_one(self, number: int) -> None:
        conversation = Conversation(self._target, self)
        await conversation.open(self._target.port)
        if conversation.reply is None or conversation.reply.status != 101:
            raise ConnectionError(f"upgrade refused: {conversation.reply}")
        conversation.write(init_frame(f"conv_{number}"))
        self.conversations.append(conversation)

    def notice_change(self) -> None:
        """Take note that an answer or a conversation has ended."""
        self._change.set()

    async def drain(self) -> None:
        """Wait until every question is answered; what stays open is a fault."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                while any(c.is_waiting and not c.fault for c in self.conversations):
                    self._change.clear()
                    await self._change.wait()
        except TimeoutError:
            missing = sum(c.is_waiting for c in self.conversations)
            self.tally.faults["an answer that never ended"] += missing

    async def close(self) -> None:
        """Close every conversation."""
        await asyncio.gather(*(c.close() for c in self.conversations))

    def faults(self) -> Counter[str]:
        """Return everything that went wrong, in the whole run."""
        found = Counter(c.fault for c in self.conversations if c.fault)
        return sum((tally.faults for tally in self._tallies), found)

    def stale_chunks(self) -> int:
        """Return the chunks of superseded turns that came after the new turn's first."""
        return sum(tally.stale_chunks for tally in self._tallies)

    def is_deflated(self) -> bool:
        """True if the server compressed."""
        return is_deflated(self.conversations)


def is_deflated(connections: Sequence[Connection]) -> bool:
    """True if any of `connections` agreed on compression."""
    return any(c.reply is not None and c.reply.is_deflated for c in connections)
