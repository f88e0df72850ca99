"""This project's runtime with its transcript log, which is off and on in turn.

The monotonic clock is the machine's, so the load knows when: from each whole number of
BENCH_SWITCH_SECONDS on, off at even ones. The log is put together as the service does it, redaction
included unless BENCH_REDACTION is off.
"""

from __future__ import annotations

import asyncio
import os
import time
from itertools import cycle, islice
from typing import TYPE_CHECKING, Any

from bench.servers.agent import CHUNKS, DELAY_SECONDS
from service.redaction import Redactor
from service.transcripts.items import ItemRules
from service.transcripts.log import TranscriptLog
from service.transcripts.pipeline import TranscriptPipeline
from service.transcripts.scribe import NoRedaction, Scribe
from service.transcripts.table import DynamoTable
from speech_engine import Limits, SpeechEngineServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SWITCH_SECONDS = float(os.environ["BENCH_SWITCH_SECONDS"])
LIMITS = Limits(max_conversations=10_000)
BUFFER_BYTES = 32 * 1024 * 1024
# As people speak: numbers in every word would be redaction's worst case.
ANSWER = (
    "Of course, I have moved your appointment with the dentist to Tuesday afternoon at half past"
    " three, and you will get a message the day before, so that you don't forget it."
)
TEXTS = tuple(f"{word} " for word in islice(cycle(ANSWER.split()), len(CHUNKS)))


async def answer() -> AsyncIterator[str]:
    """Yield the answer as an LLM's stream would."""
    for number, chunk in enumerate(TEXTS):
        if DELAY_SECONDS and number:
            await asyncio.sleep(DELAY_SECONDS)
        yield chunk


async def on_transcript(_transcript: Any, session: Any) -> None:
    """Answer a user's turn."""
    await session.send_response(answer())


def log_transcripts() -> dict[str, Any]:
    """The handlers of a transcript log that has begun to write."""
    rules = ItemRules(days=30, shards=4, keeps_text=True, environment="bench", agent="bench")
    redactor = NoRedaction() if os.environ.get("BENCH_REDACTION") == "off" else Redactor()
    pipeline = TranscriptPipeline(
        lambda: Scribe(rules, redactor),
        lambda: DynamoTable("bench", "eu-central-1"),
        buffer_bytes=BUFFER_BYTES,
    )
    pipeline.start()
    log = TranscriptLog(pipeline.put, {"on_transcript": on_transcript}, engine_id_header="X-Engine")
    handlers = log.handlers()
    log_turn = handlers["on_turn_ended"]

    def on_turn_ended(turn: Any, session: Any) -> None:
        if time.monotonic() // SWITCH_SECONDS % 2:
            log_turn(turn, session)

    return {**handlers, "on_turn_ended": on_turn_ended}


async def serve() -> None:
    """Serve until the process is ended."""
    os.environ["AWS_ENDPOINT_URL"] = os.environ["BENCH_TABLE_URL"]
    server = SpeechEngineServer(port=0, limits=LIMITS, **log_transcripts())
    await server.start()
    print("port", server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    if os.environ.get("BENCH_LOOP") == "uvloop":
        import uvloop

        uvloop.run(serve())
    else:
        asyncio.run(serve())
