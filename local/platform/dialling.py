"""Opening the socket to an engine's server, and saying in one line why it did not open.

Knows addresses and handshakes, no frames.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, InvalidStatus, InvalidURI

if TYPE_CHECKING:
    import ssl

DIAL_SECONDS = 5.0
CLOSE_SECONDS = 2.0


class EngineUnreachableError(Exception):
    """The engine's server could not be dialled; the message says why in one line."""


class EngineConnection(ClientConnection):
    """A client socket that tells when bytes arrive, protocol-level pings included."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.activity = asyncio.Event()

    def data_received(self, data: bytes) -> None:
        """Note the activity and go on as usual."""
        self.activity.set()
        super().data_received(data)


async def open_connection(
    url: str,
    headers: Mapping[str, str],
    *,
    ssl_context: ssl.SSLContext | None = None,
    seconds: float = DIAL_SECONDS,
) -> EngineConnection:
    """Dial an engine's server. Raises `EngineUnreachableError`."""
    options: dict[str, Any] = {"ssl": ssl_context} if ssl_context else {}
    try:
        connection = await connect(
            url,
            additional_headers=dict(headers),
            create_connection=EngineConnection,
            open_timeout=seconds,
            close_timeout=CLOSE_SECONDS,
            ping_interval=None,  # the platform's own keepalive is not documented
            proxy=None,
            **options,
        )
    except InvalidStatus as error:
        reason = f"the server answered HTTP {error.response.status_code}"
    except InvalidURI:
        reason = "the ws_url is not a WebSocket address"
    except TimeoutError:
        reason = f"no answer within {seconds:g} seconds"
    except ConnectionRefusedError:
        reason = f"nothing listens at {urlsplit(url).netloc}"
    except (OSError, InvalidHandshake) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
    else:
        assert isinstance(connection, EngineConnection)
        return connection
    raise EngineUnreachableError(reason)
