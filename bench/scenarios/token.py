"""Owns the cold start of a token endpoint: a fresh process, its imports, its first token."""

from __future__ import annotations

import asyncio
import contextlib
import json
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from bench.handshake import API_KEY
from bench.process import ServerFailed, run_program
from bench.secret_store import serve_secret
from bench.trial import Reading, Trial

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

VALUES = ("cpu_ms", "peak_mb")


@dataclass(frozen=True)
class Token:
    """Several processes in a row, after an unmeasured one that leaves the bytecode warm."""

    name: ClassVar[str] = "token"
    starts: int = 5
    warm_starts: int = 1

    @classmethod
    def quick(cls) -> Self:
        """Return the form for tests."""
        return cls(starts=1, warm_starts=0)

    async def measure(self, trial: Trial) -> Reading:
        """Measure CPU time and peak memory until the first token is there."""
        async with serve_upstream() as variables:
            for _ in range(self.warm_starts):
                await start_once(trial, variables)
            results = [await start_once(trial, variables) for _ in range(self.starts)]
        values = {
            f"token_{name}": statistics.median(result[name] for result in results)
            for name in VALUES
        }
        return Reading(values, is_deflated=False)


@contextlib.asynccontextmanager
async def serve_upstream() -> AsyncIterator[dict[str, str]]:
    """Serve platform and secret; yields the variables that lead the programs to them."""
    from local.platform import Platform  # its import would slow every other scenario's start

    async with Platform(api_key=API_KEY) as platform, serve_secret(API_KEY) as secrets_url:
        engine = platform.create_engine(ws_url="wss://example.com/ws")
        yield {
            "ELEVENLABS_API_KEY": API_KEY,
            "ELEVENLABS_URL": platform.url,
            "SPEECH_ENGINE_ID": engine.id,
            "ELEVENLABS_API_KEY_SECRET": "arn:aws:secretsmanager:us-east-1:000000000000:secret:key",
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "bench",
            "AWS_SECRET_ACCESS_KEY": "bench",
            "AWS_ENDPOINT_URL_SECRETS_MANAGER": secrets_url,
        }


async def start_once(trial: Trial, variables: dict[str, str]) -> dict[str, float]:
    """Run the server's token program once; ServerFailed if it got no token."""
    environment = trial.server.environment(chunks=1, delay_ms=0) | variables
    command = trial.server.token_command
    output = await asyncio.to_thread(run_program, command, environment, trial.cores.server)
    result = json.loads(output.splitlines()[-1])
    if not result["token"]:
        raise ServerFailed("it got no token")
    return {name: float(result[name]) for name in VALUES}
