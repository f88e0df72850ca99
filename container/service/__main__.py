"""Entry point of `python -m service`: signal handlers first, everything else after them."""

from __future__ import annotations

import os
import sys

from service.signals import StopRequest


def run() -> int:
    """Install the handlers, then import and run the service; returns the exit code.

    Python as process 1 of a container ignores SIGTERM until a handler is set, so no import that
    takes time may come before it.
    """
    stop = StopRequest()
    stop.install()
    from service.main import main

    return main(os.environ, stop)


if __name__ == "__main__":
    sys.exit(run())
