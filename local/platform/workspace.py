"""What the REST interface, the conversation socket and the tests share: one workspace's state.

Knows nothing of HTTP and opens no socket.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from local.platform.audio import CHARACTERS_PER_SECOND
from local.platform.credentials import Credentials
from local.platform.engines import Engine, EngineStore
from local.platform.scripts import Script

if TYPE_CHECKING:
    import ssl

    from local.platform.clock import Clock
    from local.platform.conversation.conversation import Conversation


@dataclass
class Workspace:
    """The engines, credentials, secrets and conversations of one API key."""

    api_key: str
    clock: Clock
    script: Script = field(default_factory=Script)
    characters_per_second: float = CHARACTERS_PER_SECOND
    secrets: dict[str, str] = field(default_factory=dict)
    upstream_ssl: ssl.SSLContext | None = None
    files: dict[str, bytes] = field(default_factory=dict)
    conversations: dict[str, Conversation] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.engines = EngineStore(self.clock)
        self.credentials = Credentials(self.api_key, self.clock)

    def script_of(self, engine: Engine) -> Script:
        """Return how a conversation with `engine` will go."""
        return engine.script or self.script


def new_conversation_id() -> str:
    """Return an id in the platform's style."""
    return f"conv_{secrets.token_hex(13)}"
