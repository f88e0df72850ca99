"""What `make dev` can be told: command line and environment in, checked options out."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT = Path(__file__).resolve().parents[2]
CONTAINER = ROOT / "container"
WEB = ROOT / "web"
STATE_FILE = ROOT / ".local" / "dev.json"
PLATFORM_URL = "https://api.elevenlabs.io"


class OptionError(Exception):
    """An option can't be used; the message is one line with the remedy."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """A checked choice. Port 0 takes any free port; no `public_ws_url` means the simulator."""

    server_port: int = 3001
    simulator_port: int = 8400
    page_port: int = 8401
    agent_folder: Path = CONTAINER
    state_file: Path = STATE_FILE
    public_ws_url: str | None = None
    api_key: str | None = field(default=None, repr=False)
    base_url: str = PLATFORM_URL

    @property
    def ws_path(self) -> str:
        """The path at which the platform will knock."""
        return urlsplit(self.public_ws_url).path if self.public_ws_url else "/ws"


def read_options(arguments: Sequence[str], environ: Mapping[str, str]) -> Options:
    """Combine both sources, the command line before the environment. Raises OptionError."""
    given = _parser().parse_args(arguments)
    public_ws_url = _environment(environ, "PUBLIC_WS_URL")
    api_key = _environment(environ, "ELEVENLABS_API_KEY")
    if public_ws_url is not None:
        public_ws_url = _check_public_url(public_ws_url)
        if api_key is None:
            raise OptionError(
                "PUBLIC_WS_URL needs ELEVENLABS_API_KEY: the key that creates the throwaway engine"
            )
    return Options(
        server_port=_port("PORT", given.port or environ.get("PORT"), Options.server_port),
        simulator_port=_port(
            "SIMULATOR_PORT",
            given.simulator_port or environ.get("SIMULATOR_PORT"),
            Options.simulator_port,
        ),
        page_port=_port(
            "PAGE_PORT", given.page_port or environ.get("PAGE_PORT"), Options.page_port
        ),
        agent_folder=given.agent_folder.resolve(),
        state_file=given.state_file.resolve(),
        public_ws_url=public_ws_url,
        api_key=api_key,
        base_url=(_environment(environ, "ELEVENLABS_BASE_URL") or PLATFORM_URL).rstrip("/"),
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="make dev",
        description="Simulator, server and web page in one terminal. Environment: PORT,"
        " SIMULATOR_PORT, PAGE_PORT, PUBLIC_WS_URL with ELEVENLABS_API_KEY (and"
        " ELEVENLABS_BASE_URL).",
    )
    parser.add_argument("--port", help="the server's port, 0 for any (3001)")
    parser.add_argument("--simulator-port", help="the simulator's port, 0 for any (8400)")
    parser.add_argument("--page-port", help="the web page's port, 0 for any (8401)")
    parser.add_argument(
        "--agent-folder", type=Path, default=CONTAINER, help="folder that has agent.py"
    )
    parser.add_argument(
        "--state-file", type=Path, default=STATE_FILE, help="where `make talk` looks for this run"
    )
    return parser


def _environment(environ: Mapping[str, str], name: str) -> str | None:
    return environ.get(name, "").strip() or None


def _port(name: str, text: str | None, default: int) -> int:
    if text is None or not text.strip():
        return default
    if not text.strip().isdecimal() or int(text) > 65535:
        raise OptionError(f"{name} is {text!r}; give a whole number from 0 to 65535")
    return int(text)


def _check_public_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "wss":
        raise OptionError(
            f"PUBLIC_WS_URL is {url!r}; it must begin with wss:// (ElevenLabs dials TLS only)"
        )
    if not parts.hostname or parts.query or parts.fragment or parts.username:
        raise OptionError(f"PUBLIC_WS_URL is {url!r}; give wss://<your tunnel's host>/ws")
    return parts._replace(path=parts.path if parts.path != "/" else "").geturl() + (
        "/ws" if parts.path in {"", "/"} else ""
    )
