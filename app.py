"""Builds the stacks of one environment: `cdk synth -c env=dev`, or the path of a TOML file."""

from __future__ import annotations

import os
import sys

# Before the CDK starts Node: `make setup` judges which Node will do, and takes 20.
os.environ.setdefault("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "20")

from infra.app import main

if __name__ == "__main__":
    sys.exit(main())
