"""Owns the paced run: answers at an LLM's pace in many conversations, some of them interrupted."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from bench.load import Load
from bench.spread import percentile
from bench.trial import Reading, Trial, drive

if TYPE_CHECKING:
    from bench.load import Conversation, Tally

SEED = 20


@dataclass(frozen=True)
class Paced:
    """A chunk every 10 ms in 150 conversations; every third turn is cut short by a new one."""

    name: ClassVar[str] = "paced"
    conversations: int = 150
    chunks: int = 30
    delay_ms: int = 10
    longest_pause_seconds: float = 0.05
    interrupted_share: float = 1 / 3
    warm_seconds: float = 1.0
    seconds: float = 4.0

    @classmethod
    def quick(cls) -> Self:
        """Return the form for tests."""
        return cls(conversations=4, chunks=10, delay_ms=2, warm_seconds=0.1, seconds=0.6)

    async def measure(self, trial: Trial) -> Reading:
        """Measure CPU per chunk, delays of first chunks, and chunks that came too late."""
        users = Users(self)
        async with trial.start(chunks=self.chunks, delay_ms=self.delay_ms) as process:
            target = trial.target(process, self.chunks)
            load = Load(target, after_chunk=users.hear, after_answer=users.pause)
            await load.open(self.conversations)
            for conversation in load.conversations:
                users.pause(conversation)
            window = await drive(
                process,
                load,
                warm_seconds=self.warm_seconds,
                seconds=self.seconds,
                stop=users.stop,
            )
        values = {"stale_chunks": float(load.stale_chunks()), **_read_delays(window.tally)}
        if window.tally.chunks:
            cpu_us = window.server_cpu_seconds * 1e6
            values["paced_cpu_us_per_chunk"] = cpu_us / window.tally.chunks
        return window.reading(values, load)


def _read_delays(tally: Tally) -> dict[str, float]:
    groups = {"first_chunk": tally.first_chunk_ns, "interruption": tally.interruption_ns}
    return {
        f"{name}_p{percent}_ms": percentile(delays_ns, percent) / 1e6
        for name, delays_ns in groups.items()
        for percent in (50, 99)
        if delays_ns
    }


class Users:
    """The people of the run: they pause after an answer, and some do not let it end."""

    def __init__(self, scenario: Paced) -> None:
        self._scenario = scenario
        self._random = random.Random(SEED)
        self._patience: dict[Conversation, int] = {}
        self._is_on = True

    def hear(self, conversation: Conversation) -> None:
        """React to a chunk: interrupt if this user's patience is at its end."""
        if self._is_on and conversation.chunks == self._patience.get(conversation):
            self._ask(conversation)

    def pause(self, conversation: Conversation) -> None:
        """React to a whole answer: think, then ask."""
        seconds = self._random.uniform(0, self._scenario.longest_pause_seconds)
        asyncio.get_running_loop().call_later(seconds, self._ask, conversation)

    def stop(self) -> None:
        """Ask no more."""
        self._is_on = False

    def _ask(self, conversation: Conversation) -> None:
        if not self._is_on:
            return
        self._patience.pop(conversation, None)
        if self._random.random() < self._scenario.interrupted_share:
            self._patience[conversation] = self._random.randrange(2, self._scenario.chunks)
        conversation.ask()
