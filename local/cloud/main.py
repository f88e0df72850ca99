"""The composition root of `make demo`: signals, the private folder, errors in one line."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
import tempfile
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from local.cloud.demo import run_demo
from local.cloud.errors import CloudError
from local.cloud.options import read_options
from local.cloud.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from local.cloud.options import Options

_ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_INTERRUPTED = 130
_LOOPBACK = "127.0.0.1,localhost"


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run the demo; returns the exit code. What goes wrong is told in one line."""
    options = read_options(arguments, environ)
    # The CDK reads cdk.json in the working directory.
    os.chdir(options.checkout)
    _spare_the_proxy()
    _forget_the_account()
    folder = Path(tempfile.mkdtemp(prefix="speech-engine-demo-"))
    progress = Progress(sys.stdout)
    try:
        code = asyncio.run(_run_until_signal(options, folder, progress))
    except CloudError as error:
        return _fail(str(error), folder)
    except Exception as error:  # noqa: BLE001 - whatever breaks, a person gets one line
        (folder / "traceback.log").write_text(traceback.format_exc(), encoding="utf-8")
        return _fail(f"{type(error).__name__}: {error}", folder)
    if options.keep:
        print(f"logs and templates are in {folder}")
    else:
        shutil.rmtree(folder, ignore_errors=True)
    return code


def _spare_the_proxy() -> None:
    """Keep all libraries from asking a developer's proxy for what is on loopback."""
    for name in ("NO_PROXY", "no_proxy"):
        named = os.environ.get(name)
        os.environ[name] = ",".join([named, _LOOPBACK] if named else [_LOOPBACK])


def _forget_the_account() -> None:
    """Keep the SDK from a developer's own profile, which need not even be there."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]


def _fail(reason: str, folder: Path) -> int:
    print(f"make demo: {' '.join(reason.split())}", file=sys.stderr)
    print(f"make demo: all logs are in {folder}", file=sys.stderr)
    return 1


async def _run_until_signal(options: Options, folder: Path, progress: Progress) -> int:
    loop = asyncio.get_running_loop()
    work = asyncio.create_task(run_demo(options, folder, progress))
    asked_to_end = asyncio.Event()

    def end() -> None:
        # Only once: a second signal must not cut the clean-up short.
        if not asked_to_end.is_set():
            asked_to_end.set()
            work.cancel()

    for number in _ENDING_SIGNALS:
        loop.add_signal_handler(number, end)
    try:
        proof = await work
    except asyncio.CancelledError:
        print("make demo: interrupted; nothing is left running", file=sys.stderr)
        return _INTERRUPTED
    proof.show(sys.stdout)
    print(f"\nall of it in {progress.seconds:.0f} s, and nothing is left of it")
    return 0
