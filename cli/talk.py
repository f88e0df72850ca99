"""`speechctl talk`: a conversation in the terminal, through the official client in text mode."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from cli.screen import Screen
from cli.target import choose_target, keep_off_proxies
from local.dev.options import STATE_FILE

if TYPE_CHECKING:
    import argparse

SUMMARY = "chat with an engine: the one of make dev, or ENGINE=seng_… with ELEVENLABS_API_KEY"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `talk`."""
    parser.add_argument("--state-file", type=Path, default=STATE_FILE, help="what make dev wrote")


def run(arguments: argparse.Namespace) -> int:
    """Talk until the user or the agent ends it; returns the exit code. Raises CommandError."""
    target = choose_target(os.environ, arguments.state_file)
    interactive = sys.stdin.isatty() and sys.stdout.isatty()
    screen = Screen(sys.stdout, interactive=interactive)
    screen.note(f"connecting to {target.engine_id} at {target.base_url} …")
    keep_off_proxies(target)
    # The official client takes a second to import: after the line above, and only here.
    from cli.conversation import converse

    return converse(target, screen, waits_for_answers=not interactive)
