"""Builds the stacks of one environment: `cdk synth -c env=dev`, or the path of a TOML file."""

from __future__ import annotations

import os
import signal
import sys

# Before the CDK starts Node: `make setup` judges which Node will do, and takes 20.
os.environ.setdefault("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "20")

# Ctrl-C ends a synthesis, which takes a while, at once and without a traceback.
if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)

from infra.app import main

if __name__ == "__main__":
    sys.exit(main())
