"""What guard and failover add to a turn; prints one JSON line, and needs no load and no socket.

The same scripted stream goes through a real session directly, and by way of an assistant with two
models. Batches of both alternate, so that a change of the machine's pace meets both.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from agents.assistant import Assistant, Manner
from agents.prompt import Prompt
from agents.sentences import INSTRUCTIONS, sentences_of
from speech_engine import ConversationMessage, SpeechEngineSession
from speech_engine.context import SessionContext
from speech_engine.handlers import Handlers

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    from agents.prompt import Model, ToolCall

    Answer = Callable[[list[ConversationMessage], SpeechEngineSession], Awaitable[None]]

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "40"))
TURNS = 100
WORDS = tuple(f"word{number} " for number in range(30))
MESSAGE = "Could you tell me when the shop is open this week, and how I get there by train?"


class Sink:
    """The end of a session's texts; `first_ns` is when the first since `forget` came, or 0."""

    is_full = False

    def __init__(self) -> None:
        self.first_ns = 0

    def forget(self) -> None:
        """Begin anew."""
        self.first_ns = 0

    def write(self, _text: str) -> None:
        """Take a text."""
        self.first_ns = self.first_ns or time.perf_counter_ns()

    def write_chunks(self, _texts: list[str], _end: str) -> None:
        """Take chunks."""
        self.first_ns = self.first_ns or time.perf_counter_ns()

    def flush(self) -> None:
        """Nothing is kept."""

    async def drain(self) -> None:
        """There is always room."""

    async def close(self, _code: int, _reason: str) -> None:
        """Nothing is open."""


@dataclass
class Talker:
    """A model that says words as fast as they are taken."""

    name: str
    words: tuple[str, ...]

    async def stream(self, _prompt: Prompt) -> AsyncGenerator[str | ToolCall, None]:
        """Yield all words."""
        for word in self.words:
            yield word

    async def check(self) -> None:
        """There is nothing to check."""

    async def aclose(self) -> None:
        """There is nothing to close."""


class Conversation:
    """One session whose turns are answered by `answer`, one after the other."""

    def __init__(self, answer: Answer, messages: int) -> None:
        self._sink = Sink()
        self._ended = asyncio.Event()
        handlers = Handlers(on_transcript=answer, on_turn_ended=lambda *_: self._ended.set())
        self._session = SpeechEngineSession(
            channel=self._sink, context=SessionContext(handlers=handlers)
        )
        self._session.open()
        self._session.receive('{"type": "init", "conversation_id": "conv_bench"}')
        # The newest message is the user's.
        roles = ["user" if (messages - number) % 2 else "agent" for number in range(messages)]
        history = json.dumps([{"role": role, "content": MESSAGE} for role in roles])
        self._frame = f'{{"type": "user_transcript", "user_transcript": {history}, "event_id": '
        self._event_id = 0

    async def take_turn(self) -> int:
        """Have one turn; returns the nanoseconds from its transcript to its first chunk."""
        self._event_id += 1
        frame = f"{self._frame}{self._event_id}}}"
        self._ended.clear()
        self._sink.forget()
        started_ns = time.perf_counter_ns()
        self._session.receive(frame)
        await self._ended.wait()
        return self._sink.first_ns - started_ns


@dataclass
class Course:
    """Batches of one kind of answer: CPU time of a turn, and its delay, in microseconds."""

    conversation: Conversation
    cpu_us: list[float] = field(default_factory=list)
    first_us: list[float] = field(default_factory=list)

    async def run_batch(self) -> None:
        """Have some turns, and note their means."""
        before_ns = time.process_time_ns()
        delays_ns = [await self.conversation.take_turn() for _ in range(TURNS)]
        self.cpu_us.append((time.process_time_ns() - before_ns) / 1000 / TURNS)
        self.first_us.append(statistics.median(delays_ns) / 1000)


@dataclass(frozen=True)
class Added:
    """What a turn takes directly, and how much more by way of the assistant; microseconds."""

    direct_us: float
    cpu_us: float
    first_us: float


async def compare(*, messages: int, chunks: int) -> Added:
    """Measure turns with so many messages before them, and so many chunks in their answer."""
    models: list[Model] = [Talker(name, WORDS[:chunks]) for name in ("first", "second")]
    assistant = Assistant(lambda: models, Manner(sentences=sentences_of("en")))
    await assistant.open()
    direct = Course(Conversation(partial(answer_directly, models[0]), messages))
    assisted = Course(Conversation(partial(answer_by_assistant, assistant), messages))
    for _ in range(ROUNDS):
        await direct.run_batch()
        await assisted.run_batch()
    return Added(
        statistics.median(direct.cpu_us),
        _median_difference(assisted.cpu_us, direct.cpu_us),
        _median_difference(assisted.first_us, direct.first_us),
    )


async def answer_directly(
    model: Model, transcript: list[ConversationMessage], session: SpeechEngineSession
) -> None:
    """What an agent does that needs neither guard nor failover."""
    prompt = Prompt(instructions=INSTRUCTIONS, messages=tuple(transcript))
    await session.send_response(model.stream(prompt))


async def answer_by_assistant(
    assistant: Assistant, transcript: list[ConversationMessage], session: SpeechEngineSession
) -> None:
    """What the agent does that the project comes with."""
    await session.send_response(assistant.answer(transcript, session))


def _median_difference(more: list[float], less: list[float]) -> float:
    return statistics.median(a - b for a, b in zip(more, less, strict=True))


async def measure() -> dict[str, float]:
    """All values of the scenario, by name."""
    every = len(WORDS)
    await compare(messages=40, chunks=every)  # warms up
    short = await compare(messages=20, chunks=every)
    long = await compare(messages=40, chunks=every)
    single = await compare(messages=20, chunks=1)
    return {
        "direct_us": short.direct_us,
        "added_20_us": short.cpu_us,
        "added_40_us": long.cpu_us,
        "added_chunk_us": (short.cpu_us - single.cpu_us) / (every - 1),
        "added_first_us": single.first_us,
    }


def new_loop() -> asyncio.AbstractEventLoop:
    """The event loop that BENCH_LOOP wants."""
    if os.environ.get("BENCH_LOOP") == "uvloop":
        import uvloop

        return uvloop.new_event_loop()
    return asyncio.new_event_loop()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=new_loop) as runner:
        print(json.dumps(runner.run(measure())))
