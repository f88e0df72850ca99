"""Which engine to talk to: the one of `make dev` that runs now, or one named in the environment."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cli.errors import CommandError
from local.dev.options import PLATFORM_URL
from local.dev.state import read_state

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1
_NORMAL = 1000
LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Target:
    """An engine and the way to it. With a key, the conversation starts by a signed URL."""

    base_url: str
    engine_id: str
    api_key: str | None = field(default=None, repr=False)

    @property
    def is_local(self) -> bool:
        """Whether the platform is a simulator on this machine."""
        return urlsplit(self.base_url).hostname in LOOPBACK

    def after_end(self, close_code: int) -> str:
        """What a person can do when a conversation has ended with this code."""
        if close_code == _NORMAL:
            return "run make talk again"
        return f"see {'the terminal of make dev' if self.is_local else 'the log of the server'}"


def choose_target(environ: Mapping[str, str], state_file: Path) -> Target:
    """ENGINE in the environment comes first, then the state file. Raises CommandError."""
    api_key = environ.get("ELEVENLABS_API_KEY", "").strip() or None
    engine_id = environ.get("ENGINE", "").strip()
    if engine_id:
        base_url = environ.get("ELEVENLABS_BASE_URL", "").strip() or PLATFORM_URL
        return Target(base_url.rstrip("/"), engine_id, api_key)
    state = read_state(state_file)
    if state is None:
        raise CommandError(
            "make dev is not running; start it in another terminal, or name an engine:"
            " ENGINE=seng_… ELEVENLABS_API_KEY=…"
        )
    if state.requires_auth and api_key is None:
        raise CommandError(
            "this make dev uses the real platform; set ELEVENLABS_API_KEY here as well"
        )
    return Target(state.base_url, state.engine_id, api_key if state.requires_auth else None)


def keep_off_proxies(target: Target) -> None:
    """Keep a proxy of the environment out of conversations with this machine itself."""
    if target.is_local:
        os.environ["NO_PROXY"] = os.environ["no_proxy"] = ",".join(LOOPBACK)
