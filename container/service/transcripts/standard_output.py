"""Whether somebody reads what this process prints."""

from __future__ import annotations

import os
import select
import sys

SURE_BYTES = 4096
"""A pipe that is ready takes so much without waiting.

https://man7.org/linux/man-pages/man7/pipe.7.html
"""


def is_ready(seconds: float) -> bool:
    """Whether a line can be written without waiting, in so many seconds at the latest."""
    number = _find_descriptor()
    if number is None:
        return True
    poll = select.poll()
    poll.register(number, select.POLLOUT)
    return bool(poll.poll(seconds * 1000))


def drop_what_nobody_reads() -> None:
    """Whatever is printed from now on is let go when it would have to wait."""
    number = _find_descriptor()
    if number is not None:
        os.set_blocking(number, False)


def _find_descriptor() -> int | None:
    try:
        return sys.stdout.fileno()
    except (OSError, ValueError):
        # It is closed, or no file.
        return None
