"""Owns what the transcript log costs: one server under the paced load, with its log on and off.

The server switches its log by the machine's clock, twice a second: so the machine's pace meets
turns with and without the log alike.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING, ClassVar, Self

from bench.load import Load
from bench.process import run_server
from bench.scenarios.paced import Paced, Users
from bench.spread import percentile
from bench.table import counted_table
from bench.trial import Reading

if TYPE_CHECKING:
    from bench.process import ServerProcess
    from bench.table import CountedTable
    from bench.trial import Trial

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench"}


@dataclass(frozen=True)
class Window:
    """What was seen between two switches of the log."""

    chunks: int
    loop_ns: int
    first_chunk_ns: list[int]

    def loop_us_per_chunk(self) -> float:
        """CPU time of the event loop's thread."""
        return self.loop_ns / 1000 / self.chunks

    def first_chunk_ms(self) -> float:
        """The median of the undisturbed first chunks."""
        return percentile(self.first_chunk_ns, 50) / 1e6


@dataclass(frozen=True)
class Transcripts:
    """A switch is followed by a time that counts for neither side: items are written behind."""

    name: ClassVar[str] = "transcripts"
    paced: Paced = field(default_factory=Paced)
    switch_seconds: float = 0.5
    settle_seconds: float = 0.2
    pairs: int = 24

    @classmethod
    def quick(cls) -> Self:
        """Return the form for tests."""
        return cls(Paced.quick(), pairs=1)

    async def measure(self, trial: Trial) -> Reading:
        """Measure what the loop and the first chunk pay, and what an item costs besides."""
        variables = trial.server.environment(chunks=self.paced.chunks, delay_ms=self.paced.delay_ms)
        variables["BENCH_SWITCH_SECONDS"] = str(self.switch_seconds)
        command, core = trial.server.transcripts_command, trial.cores.server
        async with counted_table() as table:
            variables |= {"BENCH_TABLE_URL": table.url, **CREDENTIALS}
            async with run_server(command, variables, core) as process:
                users = Users(self.paced)
                target = trial.target(process, self.paced.chunks)
                load = Load(target, after_chunk=users.hear, after_answer=users.pause)
                await load.open(self.paced.conversations)
                for conversation in load.conversations:
                    users.pause(conversation)
                await asyncio.sleep(self.paced.warm_seconds)
                values, faults = await self._watch(process, load, table)
                users.stop()
                await load.drain()
                await load.close()
        return Reading(values, load.is_deflated(), {**load.faults(), **faults})

    async def _watch(
        self, process: ServerProcess, load: Load, table: CountedTable
    ) -> tuple[dict[str, float], dict[str, int]]:
        period = 2 * self.switch_seconds
        start = (time.monotonic() // period + 1) * period
        await sleep_until(start)
        threads_ns, items = process.cpu_ns() - process.loop_cpu_ns(), table.items
        starts = [start + number * self.switch_seconds for number in range(2 * self.pairs)]
        windows = [await self._look(process, load, start) for start in starts]
        threads_ns = process.cpu_ns() - process.loop_cpu_ns() - threads_ns
        items = table.items - items
        pairs = zip(windows[::2], windows[1::2], strict=True)
        # Where other programs held the load up for so long, there is nothing to compare.
        whole = [(a, b) for a, b in pairs if a.first_chunk_ns and b.first_chunk_ns]
        if not items or len(whole) * 2 < self.pairs:
            return {}, {"no chunk or no item in the measured time": 1}
        return {**_compare(whole), "transcripts_item_us": threads_ns / 1000 / items}, {}

    async def _look(self, process: ServerProcess, load: Load, start: float) -> Window:
        """Look at what comes between two switches, once the first of them, at `start`, is over."""
        await sleep_until(start + self.settle_seconds)
        tally, loop_ns = load.start_tally(), process.loop_cpu_ns()
        await sleep_until(start + self.switch_seconds)
        load.start_tally()
        return Window(tally.chunks, process.loop_cpu_ns() - loop_ns, tally.first_chunk_ns)


async def sleep_until(moment: float) -> None:
    """Sleep until the monotonic clock shows `moment`."""
    await asyncio.sleep(max(0.0, moment - time.monotonic()))


def _compare(pairs: list[tuple[Window, Window]]) -> dict[str, float]:
    """Medians of windows without the log, and of what those with it differ by."""
    loops = [(a.loop_us_per_chunk(), b.loop_us_per_chunk()) for a, b in pairs]
    firsts = [(a.first_chunk_ms(), b.first_chunk_ms()) for a, b in pairs]
    return {
        "transcripts_plain_us": median(before for before, _ in loops),
        "transcripts_added_percent": median(100 * (after / before - 1) for before, after in loops),
        "transcripts_plain_p50_ms": median(before for before, _ in firsts),
        "transcripts_added_p50_ms": median(after - before for before, after in firsts),
    }
