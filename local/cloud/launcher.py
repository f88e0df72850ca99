"""Runs inside the emulator's own environment: adds the patches, then serves on loopback.

`python -m local.cloud.launcher <descriptor of a listening socket>`; everything else comes from
environment variables that `local.cloud.emulator` sets. Ends at SIGTERM, and when standard input
ends: whoever started it is gone. Must import nothing but the standard library and the emulator.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from importlib.metadata import version
from pathlib import Path

EMULATOR_VERSION = "1.5.33"
"""The patches reach into the emulator's inside: they fit this release and no other."""

WORKER_SITE = Path(__file__).parent / "worker_site"


def main() -> int:
    """Serve until told to end; returns the exit code."""
    installed = version("ministack")
    if installed != EMULATOR_VERSION:
        print(f"the patches fit ministack {EMULATOR_VERSION}, not {installed}", file=sys.stderr)
        return 1
    # Functions inherit this environment: they must find their own package, not the checkout's.
    os.environ["PYTHONPATH"] = str(WORKER_SITE)
    from local.cloud import patches

    patches.apply()
    asyncio.run(_serve(int(sys.argv[1])))
    return 0


async def _serve(listener: int) -> None:
    from hypercorn.asyncio import serve  # type: ignore[import-not-found]
    from hypercorn.config import Config  # type: ignore[import-not-found]
    from ministack.app import app  # type: ignore[import-not-found]

    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stopping.set)
    loop.add_reader(sys.stdin.fileno(), stopping.set)
    config = Config()
    config.bind = [f"fd://{listener}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 1
    await serve(app, config, shutdown_trigger=stopping.wait)


if __name__ == "__main__":
    sys.exit(main())
