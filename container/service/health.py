"""`python -m service.health`: asks the service of this container whether it is alive.

The container health check of the image and of ECS; exit code 0 or 1. It runs every few seconds
beside the service, so it imports next to nothing.
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/healthcheck.html
"""

from __future__ import annotations

import os
import socket
import sys

_LIMIT_SECONDS = 3.0
_REQUEST = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
_ALL_ADDRESSES = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - named, not bound


def run() -> int:
    """Ask on the service's own port; returns the exit code and says what is wrong."""
    host = os.environ.get("SPEECH_ENGINE_HOST", "").strip() or "127.0.0.1"
    port = os.environ.get("SPEECH_ENGINE_PORT", "").strip() or "3001"
    problem = find_problem(_ALL_ADDRESSES.get(host, host), port)
    if problem is not None:
        print(f"health: {host}:{port} {problem}", file=sys.stderr)  # noqa: T201 - its output
    return 0 if problem is None else 1


def find_problem(host: str, port: str) -> str | None:
    """What is wrong with the service that listens there; None if nothing is."""
    try:
        with socket.create_connection((host, port), _LIMIT_SECONDS) as connection:
            connection.sendall(_REQUEST)
            answer = connection.recv(64)
    except OSError as error:
        return f"does not answer: {type(error).__name__}"
    status = answer.partition(b"\r\n")[0]
    return None if status.startswith(b"HTTP/1.1 200") else "answers, but not with 200"


if __name__ == "__main__":
    sys.exit(run())
