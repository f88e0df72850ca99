"""`python -m service` as a child process, its log as parsed events, and calls to it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from local.platform import UPSTREAM_HEADER, sign_upstream_token

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
API_KEY = "sk_test_service"
WAIT_SECONDS = 15.0


def service_environ(*first_folders: Path, **variables: str) -> dict[str, str]:
    """An environment with nothing of the developer's own settings in it."""
    own = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SPEECH_ENGINE_", "ELEVENLABS_"))
    }
    folders = map(str, (*first_folders, ROOT / "container", ROOT))
    return {**own, "PYTHONPATH": os.pathsep.join(folders), **variables}


def run_service(*first_folders: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the service until it ends by itself."""
    return subprocess.run(
        [sys.executable, "-m", "service"],
        env=service_environ(*first_folders, **variables),
        capture_output=True,
        text=True,
        timeout=WAIT_SECONDS,
        check=False,
    )


class ServiceProcess:
    """A running service on a free port; used as a context manager, it is gone at the end."""

    def __init__(self, *first_folders: Path, **variables: str) -> None:
        defaults = {"ELEVENLABS_API_KEY": API_KEY, "SPEECH_ENGINE_PORT": "0"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "service"],
            env=service_environ(*first_folders, **{**defaults, **variables}),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines: list[str] = []
        self.errors: list[str] = []
        self._changed = threading.Condition()
        self._open_pipes = 2
        self._readers = [
            threading.Thread(target=self._read, args=(self.process.stdout, self.lines)),
            threading.Thread(target=self._read, args=(self.process.stderr, self.errors)),
        ]
        for reader in self._readers:
            reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for reader in self._readers:
            reader.join()
        for pipe in (self.process.stdout, self.process.stderr):
            assert pipe is not None
            pipe.close()

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
        with self._changed:
            self._changed.wait_for(lambda: self.events(name) or not self._open_pipes, seconds)
        assert self.events(name), f"no {name!r} in {self.lines} {self.errors}"
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

    def send_signal(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Send one signal."""
        self.process.send_signal(number)

    def wait(self, seconds: float = WAIT_SECONDS) -> int:
        """Wait for its end; returns the exit code."""
        code = self.process.wait(seconds)
        for reader in self._readers:
            reader.join(seconds)
        return code

    def _read(self, pipe: Iterator[str], lines: list[str]) -> None:
        for line in pipe:
            with self._changed:
                lines.append(line.rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._open_pipes -= 1
            self._changed.notify_all()


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
