"""`speechctl transcripts show`: one conversation as it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.transcripts.output import add_json_argument, show_lines, write_json
from cli.transcripts.place import add_place_arguments, opened_place
from cli.transcripts.spoken import tell_conversation

if TYPE_CHECKING:
    import argparse

SUMMARY = "show one conversation"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `show`."""
    parser.add_argument("id", help="the conversation's id, such as conv_…")
    add_place_arguments(parser)
    add_json_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    """Show it; returns the exit code. Raises CommandError."""
    with opened_place(arguments) as place:
        conversation = place.reader.read(arguments.id)
    if arguments.json:
        write_json(conversation.as_json())
    else:
        show_lines(tell_conversation(conversation))
    return 0
