"""Owns the weight of an idle conversation: resident memory with many of them and with none."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from bench.load import Load
from bench.trial import Reading, Trial

if TYPE_CHECKING:
    from bench.load import Target
    from bench.process import ServerProcess

CALM_BYTES = 64 * 1024
CALM_LOOKS = 4
LOOK_SECONDS = 0.25
LONGEST_LOOKS = 40


@dataclass(frozen=True)
class Memory:
    """Many conversations that have had one turn and then stay silent."""

    name: ClassVar[str] = "memory"
    conversations: int = 1000
    warm_conversations: int = 16
    chunks: int = 30

    @classmethod
    def quick(cls) -> Self:
        """Return the form for tests."""
        return cls(conversations=8, warm_conversations=1)

    async def measure(self, trial: Trial) -> Reading:
        """Measure resident bytes per idle conversation."""
        async with trial.start(chunks=self.chunks) as process:
            target = trial.target(process, self.chunks)
            warm = await hold_one_turn(target, self.warm_conversations)
            await warm.close()
            empty = await settled_bytes(process)
            load = await hold_one_turn(target, self.conversations)
            full = await settled_bytes(process)
            await load.close()
        faults = dict(warm.faults() + load.faults())
        values = {"memory_kb_per_conversation": (full - empty) / 1000 / self.conversations}
        return Reading(values, load.is_deflated(), faults)


async def hold_one_turn(target: Target, count: int) -> Load:
    """Open conversations, have one turn in each, and leave them open."""
    load = Load(target)
    await load.open(count)
    for conversation in load.conversations:
        conversation.ask()
    await load.drain()
    return load


async def settled_bytes(process: ServerProcess) -> int:
    """Return resident memory once it has stopped changing, or after ten seconds."""
    looks = [process.resident_bytes()]
    for _ in range(LONGEST_LOOKS):
        await asyncio.sleep(LOOK_SECONDS)
        looks.append(process.resident_bytes())
        recent = looks[-CALM_LOOKS:]
        if len(recent) == CALM_LOOKS and max(recent) - min(recent) <= CALM_BYTES:
            break
    return looks[-1]
