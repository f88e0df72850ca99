"""`speechctl talk`: a conversation in the terminal.

Through the official client in text mode, or with an agent in this process.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from cli.screen import Screen
from cli.target import choose_target, keep_off_proxies
from local.dev.options import CONTAINER, STATE_FILE

if TYPE_CHECKING:
    import argparse

SUMMARY = (
    "chat with an engine: the one of make dev, or ENGINE=seng_… with ELEVENLABS_API_KEY; or with"
    " an agent alone"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `talk`."""
    parser.add_argument("--state-file", type=Path, default=STATE_FILE, help="what make dev wrote")
    parser.add_argument(
        "--agent",
        metavar="NAME",
        help="try an agent without server and platform: a module (agent, order_desk), or the models"
        " that answer it (openai/gpt-5.4-mini,echo)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Talk until the user or the agent ends it; returns the exit code. Raises CommandError."""
    interactive = sys.stdin.isatty() and sys.stdout.isatty()
    screen = Screen(sys.stdout, interactive=interactive)
    if arguments.agent is not None:
        return _talk_to_agent(arguments.agent, screen, waits_for_answers=not interactive)
    target = choose_target(os.environ, arguments.state_file)
    screen.note(f"connecting to {target.engine_id} at {target.base_url} …")
    keep_off_proxies(target)
    # The official client takes a second to import: after the line above, and only here.
    from cli.conversation import converse

    return converse(target, screen, waits_for_answers=not interactive)


def _talk_to_agent(name: str, screen: Screen, *, waits_for_answers: bool) -> int:
    # Last, so that a PYTHONPATH with a fork's own folders comes first.
    sys.path.append(str(CONTAINER))
    from cli.agent_talk import talk_to_agent

    return talk_to_agent(name, screen, waits_for_answers=waits_for_answers)
