"""`python -m service` as a child process, its log as parsed events, and calls to it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from local.platform import UPSTREAM_HEADER, sign_upstream_token
from tests.service.logged_process import WAIT_SECONDS, LoggedProcess, clean_environ

if TYPE_CHECKING:
    from pathlib import Path

API_KEY = "sk_test_service"


def run_service(*first_folders: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the service until it ends by itself."""
    return subprocess.run(
        [sys.executable, "-m", "service"],
        env=clean_environ(*first_folders, **variables),
        capture_output=True,
        text=True,
        timeout=WAIT_SECONDS,
        check=False,
    )


class ServiceProcess(LoggedProcess):
    """A running service on a free port; used as a context manager, it is gone at the end."""

    def __init__(self, *first_folders: Path, **variables: str) -> None:
        defaults = {"ELEVENLABS_API_KEY": API_KEY, "SPEECH_ENGINE_PORT": "0"}
        environ = clean_environ(*first_folders, **{**defaults, **variables})
        super().__init__([sys.executable, "-m", "service"], environ)

    @property
    def address(self) -> str:
        """Where it listens, as it says itself."""
        return str(self.wait_for("started")["address"])

    @property
    def http_address(self) -> str:
        """The same port for plain HTTP, without a path."""
        return "http://" + self.address.removeprefix("ws://").partition("/")[0]

    def events(self, name: str) -> list[dict[str, Any]]:
        """All log events of that name so far."""
        parsed: list[dict[str, Any]] = [json.loads(line) for line in list(self.lines)]
        return [event for event in parsed if event["event"] == name]

    def wait_for(self, name: str, seconds: float = WAIT_SECONDS) -> dict[str, Any]:
        """The first log event of that name, as soon as it is there."""
        self.wait_until(lambda: bool(self.events(name)), seconds)
        return self.events(name)[0]

    def knock(self, api_key: str = API_KEY, **headers: str) -> int:
        """Dial and leave again; returns the HTTP status of the answer, 101 for an open door."""
        try:
            with self.connect(api_key, **headers):
                return 101
        except InvalidStatus as refused:
            return refused.response.status_code

    def connect(self, api_key: str = API_KEY, **headers: str) -> ClientConnection:
        """Dial as the platform does, with a signed token."""
        token = sign_upstream_token(api_key, time.time())
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return connect(self.address, additional_headers={UPSTREAM_HEADER: token, **named})


def begin_conversation(socket: ClientConnection, conversation_id: str = "conv_test") -> None:
    """Send the platform's first frame."""
    socket.send(json.dumps({"type": "init", "conversation_id": conversation_id}))


def say(socket: ClientConnection, text: str, event_id: int = 1) -> None:
    """Send a transcript with one message of the user."""
    message = {"role": "user", "content": text}
    frame = {"type": "user_transcript", "user_transcript": [message], "event_id": event_id}
    socket.send(json.dumps(frame))


def hear(socket: ClientConnection) -> str:
    """The whole answer up to its final frame."""
    words = []
    while True:
        frame = json.loads(socket.recv(timeout=WAIT_SECONDS))
        if frame["type"] == "agent_response":
            words.append(frame["content"])
            if frame["is_final"]:
                return "".join(words)
