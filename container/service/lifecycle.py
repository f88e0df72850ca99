"""One run of the server: start, serve until asked to stop, drain, and leave within a bound.

It owns the event loop and the order of the last steps. It knows no settings by name and no agent.
"""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import logging
import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from service.signals import StopRequest
    from speech_engine import SpeechEngineServer

logger = logging.getLogger("service")

# After the grace: closing handshakes, handlers' last steps, threads. With the default grace of
# 110 s the sum of all stays below Fargate's 120 s, after which the task is killed.
_CLOSE_SECONDS = 6.0
_RELEASE_SECONDS = 0.5
_LEAST_FINISH_SECONDS = 0.5
_TASKS_SECONDS = 1.0
_THREADS_SECONDS = 1.0
_MARGIN_SECONDS = 1.0


class StartError(Exception):
    """The server can't begin to serve; the message is one line with the reason and the remedy."""


def run_server(
    server: SpeechEngineServer,
    *,
    stop: StopRequest,
    grace_seconds: float,
    uvloop: str,
    prepare: Callable[[], Coroutine[Any, Any, None]],
    announce: Callable[[], None],
    release: Callable[[], Coroutine[Any, Any, None]],
    finish: Callable[[float], None],
) -> None:
    """Serve until a stop signal, then drain for at most `grace_seconds` and close the loop.

    `prepare` is awaited before anybody is let in, and what it raises ends the run. `announce` is
    called when the server listens. When all conversations are over `release` is awaited, and then
    `finish` is called with the seconds that it may take; it may block.

    A process whose tasks or threads outlive their time is ended here without a return: the
    interpreter would wait for them. Raises StartError.
    """
    loop = new_event_loop(uvloop)
    asyncio.set_event_loop(loop)
    loop.set_exception_handler(_report)
    executor = ThreadPoolExecutor(thread_name_prefix="service")
    loop.set_default_executor(executor)
    loop.run_until_complete(prepare())
    finish_by = loop.run_until_complete(_serve(server, stop, grace_seconds, announce))
    loop.run_until_complete(_limit(release(), _RELEASE_SECONDS))
    finish(max(_LEAST_FINISH_SECONDS, finish_by - loop.time()))
    logger.info("stopped")
    executor.shutdown(wait=False, cancel_futures=True)
    left_tasks = loop.run_until_complete(_cancel_tasks())
    left_threads = _wait_for_threads()
    if left_tasks or left_threads:
        logger.warning("left behind", extra={"tasks": left_tasks, "threads": left_threads})
        with contextlib.suppress(OSError):
            sys.stdout.flush()
        os._exit(0)
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()


def new_event_loop(uvloop: str) -> asyncio.AbstractEventLoop:
    """A loop of uvloop where it is installed, or as `uvloop` (auto, on, off) wants it."""
    if uvloop == "off":
        return asyncio.new_event_loop()
    try:
        from uvloop import new_event_loop as new_fast_loop
    except ImportError:
        if uvloop == "on":
            raise StartError("uvloop is not installed; install it, or leave the choice") from None
        return asyncio.new_event_loop()
    return new_fast_loop()


def _report(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    # asyncio's own handler would write the exception's text into the message.
    logger.error("unhandled error in the event loop", exc_info=context.get("exception"))


async def _serve(
    server: SpeechEngineServer,
    stop: StopRequest,
    grace_seconds: float,
    announce: Callable[[], None],
) -> float:
    """Returns the loop's time by which everything should be over."""
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()

    def begin_stop() -> None:
        # The loop itself may be what hangs: this bound is kept by a thread that needs no Python.
        bound = grace_seconds + _CLOSE_SECONDS + _TASKS_SECONDS + _THREADS_SECONDS
        faulthandler.dump_traceback_later(bound + _MARGIN_SECONDS, exit=True)
        loop.call_soon_threadsafe(stopping.set)

    await _start(server)
    stop.forward_to(begin_stop)
    announce()
    await stopping.wait()
    logger.info(
        "draining",
        extra={"conversations": server.conversations, "grace_seconds": grace_seconds},
    )
    server.begin_drain()
    finish_by = loop.time() + grace_seconds + _CLOSE_SECONDS
    await _limit(server.stop(grace_seconds=grace_seconds), grace_seconds + _CLOSE_SECONDS)
    return finish_by


async def _start(server: SpeechEngineServer) -> None:
    try:
        await server.start()
    except OSError as error:
        # Of a name that can't be resolved, the number is negative and no errno.
        number = error.errno or 0
        reason = os.strerror(number) if number > 0 else error.strerror
        raise StartError(f"can't listen there: {reason}; choose another address") from None


async def _limit(step: Coroutine[Any, Any, None], seconds: float) -> None:
    """Wait for `step` no longer than `seconds`, also when it suppresses cancellation."""
    task = asyncio.ensure_future(step)
    done, _ = await asyncio.wait({task}, timeout=seconds)
    if done:
        task.result()
    else:
        task.cancel()


async def _cancel_tasks() -> list[str]:
    """Cancel what still runs; returns the names of the tasks that go on regardless."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    if not others:
        return []
    _, left = await asyncio.wait(others, timeout=_TASKS_SECONDS)
    return sorted(task.get_name() for task in left)


def _wait_for_threads() -> list[str]:
    """Join the threads that the interpreter would wait for; returns the names of those left."""
    deadline = time.monotonic() + _THREADS_SECONDS
    everyone = set(threading.enumerate()) - {threading.current_thread()}
    others = [thread for thread in everyone if not thread.daemon]
    for thread in others:
        thread.join(max(0.0, deadline - time.monotonic()))
    return sorted(thread.name for thread in others if thread.is_alive())
