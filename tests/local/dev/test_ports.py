from __future__ import annotations

import socket
import sys

import pytest

from local.dev.ports import HOST, reserved_port


@pytest.mark.skipif(sys.platform != "linux", reason="a port can be held on Linux alone")
def test_reserved_port_is_nobody_elses() -> None:
    """Who asks the kernel for a free port is given another, who is told of it can listen there."""
    with reserved_port() as port:
        with socket.socket() as stranger, pytest.raises(OSError, match="in use"):
            stranger.bind((HOST, port))
        with socket.create_server((HOST, port)), socket.create_connection((HOST, port)):
            pass


def test_reserved_port_that_is_taken_is_an_error() -> None:
    """A port on which somebody listens can't be reserved."""
    with (
        socket.create_server((HOST, 0)) as taken,
        pytest.raises(OSError, match="in use"),
        reserved_port(taken.getsockname()[1]),
    ):
        pass
