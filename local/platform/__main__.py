"""The simulator as a program: `python -m local.platform --engine-url ws://127.0.0.1:3001/ws`.

The API key comes from ELEVENLABS_API_KEY; without it a test key stands in, printed nowhere.
"""

from __future__ import annotations

import argparse
import asyncio
import errno
import os
import signal
import sys
from typing import TYPE_CHECKING

from pydantic import ValidationError

from local.platform.platform import DEFAULT_API_KEY, Platform, check_loopback
from local.platform.scripts import Script, Utterance

if TYPE_CHECKING:
    from collections.abc import Sequence

PROGRAM = "python -m local.platform"


def build_parser() -> argparse.ArgumentParser:
    """Return the command line's description."""
    parser = argparse.ArgumentParser(PROGRAM, description="The ElevenLabs platform on loopback.")
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--engine-url", metavar="WS_URL", help="create an engine with this ws_url")
    parser.add_argument("--engine-id", default="seng_local", help="the id of that engine")
    parser.add_argument("--enable-auth", action="store_true", help="demand signed URLs")
    parser.add_argument(
        "--say",
        action="append",
        default=[],
        metavar="TEXT",
        help="what the user says next in a voice conversation; may be repeated",
    )
    return parser


def build_platform(options: argparse.Namespace) -> Platform:
    """Return the simulator that the options describe. Raises `ValueError`."""
    platform = Platform(
        api_key=os.environ.get("ELEVENLABS_API_KEY") or DEFAULT_API_KEY,
        host=check_loopback(options.host),
        port=options.port,
        script=Script(utterances=tuple(Utterance(text) for text in options.say)),
    )
    if options.engine_url:
        platform.create_engine(
            ws_url=options.engine_url,
            engine_id=options.engine_id,
            auth={"enable_auth": options.enable_auth},
            overrides={"first_message": True},
        )
    return platform


async def serve(platform: Platform, options: argparse.Namespace) -> None:
    """Serve until SIGINT or SIGTERM."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signal_number, stopping.set)
    async with platform:
        engine = f", engine {options.engine_id} -> {options.engine_url}"
        print(f"platform simulator on {platform.url}{engine if options.engine_url else ''}")
        sys.stdout.flush()
        await stopping.wait()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program and return its exit status."""
    parser = build_parser()
    options = parser.parse_args(arguments)
    try:
        platform = build_platform(options)
    except ValidationError:
        parser.error(f"--engine-url must be a ws:// or wss:// address: {options.engine_url}")
    except ValueError as error:
        parser.error(str(error))
    try:
        asyncio.run(serve(platform, options))
    except (OSError, OverflowError) as error:
        print(f"{PROGRAM}: {_explain(error, options.port)}", file=sys.stderr)
        return 1
    return 0


def _explain(error: Exception, port: int) -> str:
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return f"port {port} is in use; choose another with --port"
    return f"cannot listen on port {port}: {error}"


if __name__ == "__main__":
    sys.exit(main())
