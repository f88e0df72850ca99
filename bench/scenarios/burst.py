"""Owns the burst: answers without delay, one turn right after another in every conversation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from bench.load import Conversation, Load
from bench.trial import Reading, Trial, drive


@dataclass(frozen=True)
class Burst:
    """30 undelayed chunks a turn; the server's core is the only limit."""

    name: ClassVar[str] = "burst"
    conversations: int = 32
    chunks: int = 30
    warm_seconds: float = 1.0
    seconds: float = 2.5

    @classmethod
    def quick(cls) -> Self:
        """Return the form for tests."""
        return cls(conversations=2, warm_seconds=0.05, seconds=0.2)

    async def measure(self, trial: Trial) -> Reading:
        """Measure chunks per second of the server's CPU time."""
        asking = Asking()
        async with trial.start(chunks=self.chunks) as process:
            load = Load(trial.target(process, self.chunks), after_answer=asking.ask_again)
            await load.open(self.conversations)
            for conversation in load.conversations:
                conversation.ask()
            window = await drive(
                process,
                load,
                warm_seconds=self.warm_seconds,
                seconds=self.seconds,
                stop=asking.stop,
            )
        rate = window.tally.chunks / window.server_cpu_seconds
        return window.reading({"burst_chunks_per_cpu_second": rate}, load)


class Asking:
    """Asks the next turn as soon as one is answered, until stopped."""

    def __init__(self) -> None:
        self._is_on = True

    def ask_again(self, conversation: Conversation) -> None:
        """React to a whole answer."""
        if self._is_on:
            conversation.ask()

    def stop(self) -> None:
        """Ask no more."""
        self._is_on = False
