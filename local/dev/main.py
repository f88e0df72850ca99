"""The composition root of `make dev`: platform, engine, server and page come and go together."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from local.dev.console import Console
from local.dev.engines import EngineClient, EngineError, throwaway_engine
from local.dev.options import ROOT, WEB, OptionError, Options, read_options
from local.dev.page_build import PageBuild
from local.dev.ports import HOST, reserved_port
from local.dev.server import ReloadingServer
from local.dev.serving import serve_app
from local.dev.site import Site, build_site
from local.dev.state import DevState, remove_state, write_state
from local.platform import Platform

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

_ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_PATIENCE_SECONDS = 1.0


class DevError(Exception):
    """This run can't begin or could not clean up; the message is one line with the remedy."""


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run until a signal; returns the exit code. What a user can cause is told in one line."""
    console = Console(sys.stdout)
    try:
        options = read_options(arguments, environ)
        return asyncio.run(_run_until_signal(options, console))
    except (OptionError, DevError, EngineError) as error:
        print(f"make dev: {error}", file=sys.stderr)
        return 1


async def _run_until_signal(options: Options, console: Console) -> int:
    loop = asyncio.get_running_loop()
    work = asyncio.create_task(_run(options, console))
    asked_to_end = asyncio.Event()

    def end() -> None:
        # Only once: a second signal must not cut the clean-up short, see `_end`.
        if not asked_to_end.is_set():
            asked_to_end.set()
            work.cancel()

    for number in _ENDING_SIGNALS:
        loop.add_signal_handler(number, end)
    try:
        await work
    except asyncio.CancelledError:
        console.show("dev", "ended; nothing is left running")
    return 0


async def _run(options: Options, console: Console) -> None:
    async with contextlib.AsyncExitStack() as ending:
        port = _reserve_port("PORT", options.server_port, ending)
        page_port = _reserve_port("PAGE_PORT", options.page_port, ending)
        platform = await ending.enter_async_context(_platform(options, port))
        engine_id = await ending.enter_async_context(
            throwaway_engine(
                platform.client, ws_url=platform.ws_url, requires_auth=platform.is_real
            )
        )
        server = ReloadingServer(
            agent_folder=options.agent_folder,
            settings=_server_settings(port, options.ws_path, platform.api_key),
            console=console,
        )
        serving = asyncio.create_task(server.run())
        ending.push_async_callback(_end, server, serving, console)
        await server.settle()
        page = await ending.enter_async_context(_page(page_port, platform, engine_id))
        state = DevState(
            base_url=platform.base_url,
            engine_id=engine_id,
            requires_auth=platform.is_real,
            process_id=os.getpid(),
        )
        write_state(options.state_file, state)
        ending.callback(remove_state, options.state_file)
        rows = _summarize(options, platform, engine_id, port, page)
        console.banner(rows + _describe_agent(options, server.announced), "now run: make talk")
        # Shielded: `_end` cancels it, and takes a second signal while it ends.
        await asyncio.shield(serving)


@dataclass(frozen=True, slots=True, kw_only=True)
class _PlatformAccess:
    """A platform that is up, with the key for it and the address at which it dials the server."""

    base_url: str
    api_key: str = field(repr=False)
    ws_url: str
    is_real: bool
    client: EngineClient


@contextlib.asynccontextmanager
async def _platform(options: Options, port: int) -> AsyncIterator[_PlatformAccess]:
    """The real platform behind the developer's tunnel, or a simulator for this run alone."""
    async with contextlib.AsyncExitStack() as ending:
        if options.public_ws_url is not None and options.api_key is not None:
            base_url, api_key, ws_url = options.base_url, options.api_key, options.public_ws_url
        else:
            simulator_port = _reserve_port("SIMULATOR_PORT", options.simulator_port, ending)
            simulator = await _start_simulator(simulator_port)
            ending.push_async_callback(simulator.stop)
            base_url, api_key = simulator.url, simulator.api_key
            ws_url = f"ws://{HOST}:{port}{options.ws_path}"
        client = EngineClient(base_url, api_key)
        ending.push_async_callback(client.close)
        yield _PlatformAccess(
            base_url=base_url,
            api_key=api_key,
            ws_url=ws_url,
            is_real=options.public_ws_url is not None,
            client=client,
        )


async def _start_simulator(port: int) -> Platform:
    simulator = Platform(api_key=f"sk_local_{secrets.token_hex(16)}", port=port)
    await simulator.start()
    return simulator


@contextlib.asynccontextmanager
async def _page(port: int, platform: _PlatformAccess, engine_id: str) -> AsyncIterator[str]:
    """Serve the web page while the block runs; yields its address, or what it needs."""
    build = PageBuild(WEB, packages=ROOT / "node_modules")
    if not build.can_serve:
        yield "none yet: run make setup, which needs Node 20 or newer"
        return
    site = Site(
        files=build.files,
        policy_file=WEB / "policy.json",
        platform_url=platform.base_url,
        engine_id=engine_id,
        api_key=platform.api_key,
        refresh=build.refresh,
    )
    async with serve_app(build_site(site), port) as url:
        yield url


def _reserve_port(name: str, port: int, ending: contextlib.AsyncExitStack) -> int:
    """The port itself, or a free one for 0; this run's until it ends. Raises DevError."""
    try:
        return ending.enter_context(reserved_port(port))
    except OSError as error:
        raise DevError(
            f"port {port} can't be used: {error.strerror}; end what listens there, or choose"
            f" another: make dev {name}=<port>"
        ) from None


def _server_settings(port: int, ws_path: str, api_key: str) -> dict[str, str]:
    """What the server is told here, whatever the developer's environment says."""
    return {
        "ELEVENLABS_API_KEY": api_key,
        "SPEECH_ENGINE_HOST": HOST,
        "SPEECH_ENGINE_PORT": str(port),
        "SPEECH_ENGINE_WS_PATH": ws_path,
        "SPEECH_ENGINE_STOP_GRACE_SECONDS": "0",
        "SPEECH_ENGINE_LOG_FORMAT": "json",
        "SPEECH_ENGINE_DEBUG_TRANSCRIPTS": "on",
    }


def _summarize(
    options: Options, platform: _PlatformAccess, engine_id: str, port: int, page: str
) -> list[tuple[str, str]]:
    """The rows that a person looks for after the start."""
    server = f"ws://{HOST}:{port}{options.ws_path}"
    rows = [
        ("platform", platform.base_url),
        ("server", server),
        ("engine", engine_id),
        ("page", page),
    ]
    if platform.is_real:
        rows.insert(2, ("tunnel", f"{platform.ws_url} has to lead to {server}"))
    return rows


def _describe_agent(options: Options, announced: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Who answers, as the server itself says; nothing but the file if it has not started."""
    name, models = announced.get("agent", "agent"), announced.get("models")
    agent = str(options.agent_folder / "agent.py") if name == "agent" else name
    rows = [("agent", f"{agent}, restarts at each edit")]
    if not announced:
        return [*rows, ("models", "none yet: the server has not started, see above")]
    hint = "; for a model set SPEECH_ENGINE_MODELS and its key" if models == "echo" else ""
    return [*rows, ("models", f"{models}{hint}")] if models else rows


async def _end(server: ReloadingServer, serving: asyncio.Task[None], console: Console) -> None:
    """Let the server end in its own time: it may still have transcripts to write."""
    loop = asyncio.get_running_loop()
    for number in _ENDING_SIGNALS:
        loop.add_signal_handler(number, server.kill)
    serving.cancel()
    await asyncio.wait({serving}, timeout=_PATIENCE_SECONDS)
    if not serving.done():
        console.show("dev", "the server is still at work; Ctrl-C again ends it at once")
        await asyncio.wait({serving})
