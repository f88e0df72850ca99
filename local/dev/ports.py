"""Ports that one program chooses and another one listens on."""

from __future__ import annotations

import contextlib
import socket
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

HOST = "127.0.0.1"


@contextlib.contextmanager
def reserved_port(port: int = 0) -> Iterator[int]:
    """Give `port`, or a free one for 0, that nobody else is given while the block runs.

    Who is told of it can listen there. Raises OSError when it is taken.
    https://man7.org/linux/man-pages/man7/socket.7.html, SO_REUSEADDR
    """
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind((HOST, port))
        chosen: int = holder.getsockname()[1]
        if sys.platform != "linux":
            # Elsewhere two sockets can't have one address, even if only one of them listens.
            holder.close()
        yield chosen
