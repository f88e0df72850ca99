"""A terminal: a program believes that a person sits in front of it."""

from __future__ import annotations

import os
import pty
import subprocess
import threading
from typing import TYPE_CHECKING, Self

from tests.service.logged_process import WAIT_SECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Terminal:
    """A program with a terminal of its own, and somebody who types."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str]) -> None:
        self._ours, theirs = pty.openpty()
        self.process = subprocess.Popen(
            command,
            env=dict(environ),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        self.shown = ""
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reader.join()
        os.close(self._ours)

    def type(self, keys: str) -> None:
        os.write(self._ours, keys.encode())

    def wait_for(self, text: str, count: int = 1) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self.shown.count(text) >= count, WAIT_SECONDS)
        assert self.shown.count(text) >= count, self.shown

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._ours, 4096)
            except OSError:  # the other side is gone
                return
            with self._changed:
                self.shown += data.decode(errors="replace")
                self._changed.notify_all()
