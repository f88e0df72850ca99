"""Entry point of `python -m local.dev`, behind `make dev`."""

from __future__ import annotations

import os
import sys


def run() -> int:
    """Run `make dev`; a Ctrl-C while its modules still load is no error either."""
    try:
        from local.dev.main import main

        return main(sys.argv[1:], os.environ)
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(run())
