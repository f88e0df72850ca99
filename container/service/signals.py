"""SIGTERM and SIGINT, from the first millisecond to the last.

Imports nothing but `os` and `signal`: it is loaded before everything else. It knows no event loop.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from types import FrameType


class StopRequest:
    """What a stop signal means now: leave at once, begin a drain, or cut the drain short.

    Before `forward_to` a signal ends the process with code 0: nothing is being served yet.
    After it, the first signal calls the given function, and a second one ends the process at once
    with 128 + the signal's number.
    """

    def __init__(self) -> None:
        self._begin_stop: Callable[[], None] | None = None
        self._begun = False

    def install(self) -> None:
        """Take over SIGTERM and SIGINT for this process; call it from the main thread."""
        signal.signal(signal.SIGTERM, self._receive)
        signal.signal(signal.SIGINT, self._receive)

    def forward_to(self, begin_stop: Callable[[], None]) -> None:
        """Call `begin_stop` at the first signal, between two bytecodes of the main thread."""
        self._begin_stop = begin_stop

    def _receive(self, signal_number: int, _frame: FrameType | None) -> None:
        # os._exit: an exception raised from here could be swallowed by whatever code it lands in.
        if self._begin_stop is None:
            os._exit(0)
        if self._begun:
            os._exit(128 + signal_number)
        self._begun = True
        self._begin_stop()
