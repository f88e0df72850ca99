"""This project's runtime, on uvloop (as deployed) or plain asyncio: BENCH_LOOP says which."""

from __future__ import annotations

import asyncio
import os

from bench.servers.agent import on_transcript
from speech_engine import Limits, SpeechEngineServer

# The benchmark counts the cost of a conversation, not the moment at which a full server refuses.
LIMITS = Limits(max_conversations=10_000)


async def serve() -> None:
    """Serve until the process is ended."""
    server = SpeechEngineServer(port=0, limits=LIMITS, on_transcript=on_transcript)
    await server.start()
    print("port", server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    if os.environ.get("BENCH_LOOP") == "uvloop":
        import uvloop

        uvloop.run(serve())
    else:
        asyncio.run(serve())
