"""A stage for whole conversations: the simulator, and this project's server behind one engine."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local.platform import Clock, Engine, Platform, Script
from speech_engine import SpeechEngineServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

API_KEY = "sk_test_stage"
FAST_SPEECH = 200.0  # characters a second, so that answers play out quickly


@dataclass
class Stage:
    """What stands between a client and the handlers: nothing here is a mock."""

    platform: Platform
    engine: Engine
    server: SpeechEngineServer

    @property
    def record(self) -> dict[str, Any]:
        """Return the platform's record of the newest conversation."""
        return list(self.platform.conversations.values())[-1].record.describe()


@asynccontextmanager
async def open_stage(
    *,
    script: Script | None = None,
    settings: dict[str, Any] | None = None,
    characters_per_second: float = FAST_SPEECH,
    clock: Clock | None = None,
    **handlers: Any,
) -> AsyncIterator[Stage]:
    """Start server and simulator, and create the engine with `settings`."""
    server = SpeechEngineServer(port=0, path="/ws", api_key=API_KEY, **handlers)
    await server.start()
    port = server.sockets[0].getsockname()[1]
    try:
        async with Platform(
            api_key=API_KEY,
            script=script,
            characters_per_second=characters_per_second,
            clock=clock,
        ) as platform:
            engine = platform.create_engine(ws_url=f"ws://127.0.0.1:{port}/ws", **settings or {})
            yield Stage(platform, engine, server)
    finally:
        await server.stop()
