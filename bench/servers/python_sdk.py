"""The official Python SDK's server in its stock configuration, on plain asyncio as its quickstart.

The one thing added: it listens on loopback only, on a port from the kernel, and prints that port.
"""

from __future__ import annotations

import asyncio
from typing import Any

import websockets.asyncio.server
from elevenlabs.speech_engine import SpeechEngineServer

from bench.servers.agent import on_transcript

serve_anywhere = websockets.asyncio.server.serve


async def serve_on_loopback(handler: Any, _host: str, port: int, **options: Any) -> Any:
    """Stand in for `websockets.asyncio.server.serve`, which the SDK looks up when it starts."""
    server = await serve_anywhere(handler, "127.0.0.1", port, **options)
    print("port", server.sockets[0].getsockname()[1], flush=True)
    return server


if __name__ == "__main__":
    vars(websockets.asyncio.server)["serve"] = serve_on_loopback
    asyncio.run(SpeechEngineServer(port=0, on_transcript=on_transcript).serve())
