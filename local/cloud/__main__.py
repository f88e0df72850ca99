"""Entry point of `python -m local.cloud`, behind `make demo`."""

from __future__ import annotations

import os
import sys


def run() -> int:
    """Run the demo; a Ctrl-C while its modules still load is no error either."""
    try:
        from local.cloud.main import main

        return main(sys.argv[1:], os.environ)
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(run())
